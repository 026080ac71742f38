//! The way to an acquirer.

use domain::Timestamp;

use crate::protocol::{HttpRequest, HttpResponse};
use crate::test_acquirer::TestAcquirer;

/// How requests travel.
pub(crate) enum Transport {
    /// To the test acquirer in this process.
    InProcess(TestAcquirer),
}

/// What became of a request on its way there and back.
pub(crate) enum Delivery {
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
            Self::InProcess(acquirer) => acquirer.handle(request, deadline).await,
        }
    }
}
