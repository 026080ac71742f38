//! The way to an acquirer.

use std::pin::Pin;
use std::sync::Arc;

use domain::Timestamp;

use crate::protocol::{HttpRequest, HttpResponse};
use crate::test_acquirer::TestAcquirer;

/// How requests travel.
pub(crate) enum Transport {
    /// To the test acquirer.
    Test(TestAcquirer),
    /// Over a simulated network.
    Simulated(Arc<dyn Wire>),
}

/// A simulated network with the test acquirer at its other end.
pub trait Wire: Send + Sync {
    /// Sends a request and waits for its answer until `deadline`. What was sent may arrive although nobody waits for it any
    /// more.
    fn carry(&self, request: HttpRequest, deadline: Timestamp) -> Pin<Box<dyn Future<Output = Delivery> + Send>>;
}

/// What became of a request on its way there and back.
#[derive(Debug)]
pub enum Delivery {
    /// An answer came in time.
    Answered(HttpResponse),
    /// An answer came in time, and came once more.
    AnsweredTwice(HttpResponse),
    /// There was no connection: certainly nothing was sent.
    Refused,
    /// It was sent, and no answer came: silence, or a connection that broke.
    Lost,
}

impl Transport {
    /// Sends a request and waits for its answer until `deadline`.
    pub(crate) async fn carry(&self, request: HttpRequest, deadline: Timestamp) -> Delivery {
        match self {
            Self::Test(acquirer) => acquirer.handle(request, deadline).await,
            Self::Simulated(wire) => wire.carry(request, deadline).await,
        }
    }
}
