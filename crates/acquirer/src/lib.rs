//! How acquirers are spoken to. A [`Protocol`] is two pure functions between what is asked and bytes; one transport
//! carries the bytes; [`Acquirer::ask`] puts both together and never waits longer than 30 seconds.
//!
//! The rule above all (security U2, U7): silence, garbage and an answer that does not fit the question are
//! [`Answer::Unknown`], never a decline. Only what certainly never left is [`Answer::NotSent`].
//!
//! The built-in [`TestAcquirer`] keeps a book of its own and follows the script in the test card's number; beside it the
//! [`Directory`] plays the card schemes and banks of 3-D Secure ([`three_ds`]).

mod protocol;
pub mod settlement;
pub mod three_ds;
mod transport;

mod test_acquirer;

use std::sync::Arc;
use std::time::Duration;

use domain::Currency;
use env::Env;

pub use protocol::{Answer, Balance, CardData, CardRules, HttpRequest, HttpResponse, Initiator, Method, Protocol};
pub use protocol::{Reading, Request, Source};
pub use test_acquirer::{AcsAnswer, AcsBehaviour, AcsOutcome, AcsView, Directory};
pub use test_acquirer::{Error, Host, Kind, ReportDue, Reported, TestAcquirer, Transaction, Verdict};
pub use test_acquirer::{RedirectChoice, RedirectView};

use transport::Transport;
pub use transport::{Delivery, Wire};

/// How long an acquirer may take before its silence becomes doubt (design 5).
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// One acquirer: its language and the way to it.
pub struct Acquirer {
    name: &'static str,
    protocol: Box<dyn Protocol>,
    transport: Transport,
    env: Env,
}

impl Acquirer {
    /// The built-in test acquirer.
    #[must_use]
    pub fn test(book: TestAcquirer, env: Env) -> Self {
        Self { name: "test", protocol: Box::new(test_acquirer::TestProtocol), transport: Transport::Test(book), env }
    }

    /// The test acquirer at the other end of a simulated network.
    #[must_use]
    pub fn simulated(wire: Arc<dyn Wire>, env: Env) -> Self {
        Self {
            name: test_acquirer::NAME,
            protocol: Box::new(test_acquirer::TestProtocol),
            transport: Transport::Simulated(wire),
            env,
        }
    }

    /// What attempts and routing call it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// Asks, and waits at most [`ANSWER_TIME_MAX`] by the clock for the answer.
    ///
    /// Ask only what is already written down (security U1). Do not race this against another sleep of the same
    /// [`env::Clock::activity`]: the clock takes an activity that sleeps for idle.
    pub async fn ask(&self, request: Request<'_>) -> Answer {
        self.hear(request).await.0
    }

    /// As [`Acquirer::ask`], with what came once more, if it did: whoever takes it is to find that it changes nothing
    /// (security U7).
    pub async fn hear(&self, request: Request<'_>) -> (Answer, Option<Answer>) {
        let deadline = self.env.now().plus(ANSWER_TIME_MAX);
        match self.transport.carry(self.protocol.encode(&request), deadline).await {
            Delivery::Answered(response) => (self.decode(&request, &response), None),
            Delivery::AnsweredTwice(response) => {
                (self.decode(&request, &response), Some(self.decode(&request, &response)))
            }
            Delivery::Refused => (Answer::NotSent, None),
            Delivery::Lost => (Answer::Unknown, None),
        }
    }

    fn decode(&self, request: &Request<'_>, response: &HttpResponse) -> Answer {
        let answer = self.protocol.decode(request, response);
        if answer == Answer::Unknown {
            let (acquirer, reference, status) = (self.name, request.reference(), response.status);
            tracing::warn!(acquirer, %reference, status, "an acquirer's answer does not fit what was asked");
        }
        answer
    }

    /// Reads what is on a gift card, in this currency; `code` is the one that belongs to it, if the payer gave one. It
    /// waits as [`Acquirer::ask`] does, and nothing is held for it.
    pub async fn gift_card_balance(&self, number: &str, code: Option<&str>, currency: Currency) -> Balance {
        let deadline = self.env.now().plus(ANSWER_TIME_MAX);
        let reading = Reading { number, code, currency };
        match self.transport.carry(self.protocol.encode_reading(&reading), deadline).await {
            Delivery::Answered(response) | Delivery::AnsweredTwice(response) => {
                self.protocol.decode_reading(&reading, &response)
            }
            Delivery::Refused | Delivery::Lost => Balance::NoAnswer,
        }
    }
}
