//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::Verdict;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::brands::BrandFields;
use crate::reconcile::ReconcileAction;

/// A payment gateway in one binary.
///
/// Without a command it starts a sandbox: `tollgate serve --sandbox`.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the gateway.
    Serve(Box<ServeArgs>),
    /// Checks the books of a data directory: exit 0 and counts, or exit 1 and what is broken.
    Audit(DataArgs),
    /// Runs the whole gateway on made-up hardware, seed by seed, with everything that can go wrong, and compares the books.
    Simulate(SimulateArgs),
    /// Runs the test acquirer alone, for gateways started with --test-acquirer. A tool for tests: it asks nobody who
    /// they are.
    TestAcquirer(TestAcquirerArgs),
    /// Companies that take payments.
    Merchant {
        #[command(subcommand)]
        action: MerchantAction,
    },
    /// Shops of a merchant.
    Brand {
        #[command(subcommand)]
        action: BrandAction,
    },
    /// The operator's mail server.
    Mail {
        #[command(subcommand)]
        action: MailAction,
    },
    /// Entities of a merchant: its brands, as the orchestration API calls them, in their tree.
    Entity {
        #[command(subcommand)]
        action: EntityAction,
    },
    /// API keys of a merchant.
    Key {
        #[command(subcommand)]
        action: KeyAction,
    },
    /// OAuth clients of a merchant, for the dialects that speak OAuth.
    Client {
        #[command(subcommand)]
        action: ClientAction,
    },
    /// The keys that the gateway signs with for the orchestration API.
    SigningKey {
        #[command(subcommand)]
        action: SigningKeyAction,
    },
    /// What acquirers' settlement files say, and what the ledger says.
    Reconcile {
        #[command(subcommand)]
        action: ReconcileAction,
    },
    /// What becomes of tries that look like card testing or fraud.
    Risk {
        #[command(subcommand)]
        action: RiskAction,
    },
    /// The manual queue: what no acquirer has answered for a day.
    Doubt {
        #[command(subcommand)]
        action: DoubtAction,
    },
}

/// Options of `serve`; each may come from the command line, the environment or the file, in this order.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeArgs {
    /// A TOML file with these options, spelt with underscores.
    #[arg(long, env = "TOLLGATE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080].
    #[arg(long, env = "TOLLGATE_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where payers and merchants reach it; every link is built from this [default: http://<listen>].
    #[arg(long, env = "TOLLGATE_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// The data directory [default: ./tollgate-data].
    #[arg(long, env = "TOLLGATE_DATA", value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// A file with the root key: 64 hexadecimal digits; or the key itself in TOLLGATE_KEY. Not in the data directory,
    /// unless this is a sandbox.
    #[arg(long, env = "TOLLGATE_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Makes credentials, a movable clock and a control API; loopback callbacks are allowed. Never for real money.
    #[arg(long, env = "TOLLGATE_SANDBOX", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) sandbox: Option<bool>,
    /// Where to write the sandbox's addresses and credentials [default: <data>/sandbox.json].
    #[arg(long, env = "TOLLGATE_SANDBOX_FILE", value_name = "PATH")]
    pub(crate) sandbox_file: Option<PathBuf>,
    /// Networks whose X-Forwarded-For is believed; may be given more than once.
    #[arg(long, env = "TOLLGATE_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    pub(crate) trusted_proxy: Option<Vec<IpNet>>,
    /// Where /metrics is served outside a sandbox; nowhere by default.
    #[arg(long, env = "TOLLGATE_ADMIN_LISTEN", value_name = "ADDR")]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// A PEM certificate chain: TLS ends here.
    #[arg(long, env = "TOLLGATE_TLS_CERT", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The PEM private key of the certificate.
    #[arg(long, env = "TOLLGATE_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Lets rate limits bind in test mode too.
    #[arg(long, env = "TOLLGATE_TEST_LIMITS", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) test_limits: Option<bool>,
    /// How many days a card payment may be held before it is captured; what is left is then released [default: 7].
    #[arg(long, env = "TOLLGATE_CARD_AUTHORIZATION_DAYS", value_name = "DAYS")]
    pub(crate) card_authorization_days: Option<u8>,
    /// How many hours after a capture the test acquirer pays a card payment out [default: 24].
    #[arg(long, env = "TOLLGATE_CARD_SETTLEMENT_HOURS", value_name = "HOURS")]
    pub(crate) card_settlement_hours: Option<u16>,
    /// Where a test acquirer runs alone; by default it is in this process, with its book in the data directory.
    #[arg(long, env = "TOLLGATE_TEST_ACQUIRER", value_name = "URL")]
    pub(crate) test_acquirer: Option<String>,
    /// How log lines look [default: text].
    #[arg(long, env = "TOLLGATE_LOG_FORMAT", value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// The least important lines shown [default: info].
    #[arg(long, env = "TOLLGATE_LOG_LEVEL", value_name = "LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
}

/// Options of `test-acquirer`.
#[derive(Debug, Clone, Args)]
pub(crate) struct TestAcquirerArgs {
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    pub(crate) listen: SocketAddr,
    /// The directory of its book.
    #[arg(long, value_name = "DIR", default_value = "./tollgate-test-acquirer")]
    pub(crate) data: PathBuf,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The least important lines shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How much is simulated.
#[derive(Debug, Clone, Args)]
pub(crate) struct SimulateArgs {
    /// How many seeds are run.
    #[arg(long, default_value_t = 100)]
    pub(crate) seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    pub(crate) from: u64,
    /// How many things shops and payers do in each.
    #[arg(long, default_value_t = 500)]
    pub(crate) operations: usize,
    /// How many are run at once [default: one for each core].
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    /// Every so many seeds, one is run twice: both must be the same line by line.
    #[arg(long, default_value_t = 20, value_name = "SEEDS")]
    pub(crate) replay: u64,
    /// Prints what happens in the first seed, line by line, and runs no other.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Of a seed that fails, only what does not hold is told: it is not made smaller.
    #[arg(long)]
    pub(crate) no_story: bool,
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// The data directory.
    #[arg(long, env = "TOLLGATE_DATA", value_name = "DIR", default_value = "./tollgate-data")]
    pub(crate) data: PathBuf,
    /// A file with the root key; a sandbox's own is found by itself. Not needed while a server runs.
    #[arg(long, env = "TOLLGATE_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What an operator says of a new merchant, on the command line and over the admin socket.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(crate) struct NewMerchantArgs {
    /// Its legal name.
    #[arg(long)]
    pub(crate) legal_name: String,
    /// Its registration number.
    #[arg(long, default_value = "")]
    pub(crate) registration_number: String,
    /// Its tax number.
    #[arg(long, default_value = "")]
    pub(crate) tax_number: String,
    /// Its legal address: street.
    #[arg(long, default_value = "")]
    pub(crate) street_address: String,
    /// Its legal address: city.
    #[arg(long, default_value = "")]
    pub(crate) city: String,
    /// Its legal address: postal code.
    #[arg(long, default_value = "")]
    pub(crate) zip_code: String,
    /// Its legal address: country, two letters.
    #[arg(long, default_value = "")]
    pub(crate) country: String,
    /// What it is charged of a captured amount, in hundredths of a per cent: 150 is 1.5 %.
    #[arg(long, default_value_t = 0)]
    pub(crate) fee_basis_points: u32,
    /// What it is charged per captured payment, in minor units.
    #[arg(long, default_value_t = 0)]
    pub(crate) fee_fixed: u32,
    /// What of a captured amount is kept back for a time, in hundredths of a per cent: 1000 is 10 %.
    #[arg(long, default_value_t = 0)]
    #[serde(default)]
    pub(crate) reserve_basis_points: u32,
    /// For how many days it is kept back.
    #[arg(long, default_value_t = 0)]
    #[serde(default)]
    pub(crate) reserve_days: u32,
    /// Where payers' answers to mail go, and where it is written to when its server does not take our notifications.
    #[arg(long, default_value = "")]
    #[serde(default)]
    pub(crate) email: String,
}

/// What an operator says of a new brand, on the command line and over the admin socket.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(crate) struct NewBrandArgs {
    /// The merchant's id.
    #[arg(long)]
    pub(crate) merchant: String,
    /// What payers know it by.
    #[arg(long)]
    pub(crate) name: String,
    /// Its site.
    #[arg(long, default_value = "")]
    pub(crate) website: String,
    /// Where its payers' answers to mail go; the merchant's own address by default.
    #[arg(long, default_value = "")]
    #[serde(default)]
    pub(crate) support_email: String,
    /// Used when a purchase names none.
    #[arg(long, default_value = "MYR")]
    pub(crate) currency: String,
    /// The only currencies it takes, comma between; every currency by default.
    #[arg(long, value_delimiter = ',')]
    pub(crate) currencies: Option<Vec<String>>,
    /// Lets payers pay in this currency what is ordered in one of a --rate.
    #[arg(long, requires = "rate")]
    pub(crate) convert_to: Option<String>,
    /// What one unit of a currency is worth in --convert-to: EUR=4.71; may be given more than once.
    #[arg(long, requires = "convert_to", value_name = "CURRENCY=RATE")]
    pub(crate) rate: Vec<String>,
    /// ISO 639-1, used when a purchase names none.
    #[arg(long, default_value = "en")]
    pub(crate) language: String,
    /// IANA name, used when a purchase names none.
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: String,
    /// Lets forms on the merchant's own pages post cards to us; raises its PCI duty to SAQ A-EP.
    #[arg(long)]
    pub(crate) direct_post: bool,
    /// Whose pages may draw the card fields inside themselves, comma between: https://shop.example.
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',')]
    #[serde(default)]
    pub(crate) embed_origins: Vec<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) look: LookArgs,
}

/// What an operator says of a new entity, on the command line and over the admin socket.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(crate) struct NewEntityArgs {
    /// The entity that it stands below; it is one of its own by default.
    #[arg(long, value_name = "ENTITY")]
    pub(crate) parent: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) brand: NewBrandArgs,
}

/// How the pages of a brand look.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
pub(crate) struct LookArgs {
    /// Of buttons, links and marks of choice: six hexadecimal digits, such as #0b6e4f. White text must be read on it.
    #[arg(long)]
    pub(crate) colour: Option<String>,
    /// Behind everything: a light colour [default: #f3f5f9].
    #[arg(long, requires = "colour")]
    pub(crate) ground: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) logo: LogoArgs,
}

/// The logo of a brand.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
pub(crate) struct LogoArgs {
    /// A PNG, JPEG or WebP of at most 1 MiB; it is made small enough for a page.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) logo: Option<PathBuf>,
    /// The file's bytes in base64, once it was read.
    #[arg(skip)]
    pub(crate) picture: Option<String>,
}

/// What an operator says of a brand that is there already.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(crate) struct UpdateBrandArgs {
    /// The merchant's id.
    #[arg(long)]
    pub(crate) merchant: String,
    /// The brand's id.
    pub(crate) brand: String,
    #[command(flatten)]
    pub(crate) fields: BrandFields,
    #[command(flatten)]
    pub(crate) logo: LogoArgs,
    /// Takes its logo away.
    #[arg(long, conflicts_with = "logo")]
    pub(crate) no_logo: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MerchantAction {
    /// Makes a merchant.
    Create {
        #[command(flatten)]
        merchant: NewMerchantArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lists the merchants.
    List(DataArgs),
    /// Stops all keys of a merchant.
    Revoke {
        /// Its id.
        merchant: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MailAction {
    /// Sends one mail, and says what came of it.
    Test {
        /// Who gets it.
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        /// The TOML file whose [mail] says where the server is.
        #[arg(long, env = "TOLLGATE_CONFIG", value_name = "FILE")]
        config: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum BrandAction {
    /// Makes a brand.
    Create {
        #[command(flatten)]
        brand: Box<NewBrandArgs>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Changes what a brand is called, its defaults and how its pages look, and who may draw the card fields; what is not given stays, what is empty goes.
    Update {
        #[command(flatten)]
        brand: Box<UpdateBrandArgs>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lists the brands of a merchant.
    List {
        /// The merchant's id.
        #[arg(long)]
        merchant: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lets a brand take no new purchases.
    Revoke {
        /// The merchant's id.
        #[arg(long)]
        merchant: String,
        /// The brand's id.
        brand: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum EntityAction {
    /// Makes an entity and its API key.
    Create {
        #[command(flatten)]
        entity: Box<NewEntityArgs>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lists the entities of a merchant, each after the one it stands below.
    List {
        /// The merchant's id.
        #[arg(long)]
        merchant: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lets an entity take no new payments; those below it go on.
    Revoke {
        /// The merchant's id.
        #[arg(long)]
        merchant: String,
        /// The entity's id.
        entity: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SigningKeyAction {
    /// Lets a new key sign; the one before stays published for seven days.
    Rotate(DataArgs),
    /// Lists the keys, the newest first.
    List(DataArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyAction {
    /// Makes a key and shows its secret, once.
    Create {
        /// The merchant's id.
        #[arg(long)]
        merchant: String,
        /// Its world.
        #[arg(long)]
        mode: KeyMode,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lists the keys of a merchant, without their secrets.
    List {
        /// The merchant's id.
        #[arg(long)]
        merchant: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Stops a key.
    Revoke {
        /// The merchant's id.
        #[arg(long)]
        merchant: String,
        /// The key's id.
        key: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClientAction {
    /// Makes a client and shows its secret, once.
    Create {
        /// The merchant's id.
        #[arg(long)]
        merchant: String,
        /// The API it speaks.
        #[arg(long)]
        dialect: ClientDialect,
        /// The entity that it acts for, with all below it; a client of the orchestration API needs one.
        #[arg(long)]
        entity: Option<String>,
        /// Its world.
        #[arg(long)]
        mode: KeyMode,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lists the clients of a merchant, without their secrets.
    List {
        /// The merchant's id.
        #[arg(long)]
        merchant: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Stops a client and its tokens.
    Revoke {
        /// The merchant's id.
        #[arg(long)]
        merchant: String,
        /// The client's id.
        client: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

/// Whose tries are meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct TriesArgs {
    /// The merchant's id.
    #[arg(long)]
    pub(crate) merchant: String,
    /// Its world.
    #[arg(long)]
    pub(crate) mode: KeyMode,
}

/// What an operator decides about tries, on the command line and over the admin socket; what is not said stays.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(crate) struct PolicyArgs {
    /// From so many points on the payer's bank is asked.
    #[arg(long, value_name = "POINTS")]
    pub(crate) challenge_at: Option<u32>,
    /// From so many points on the try goes nowhere.
    #[arg(long, value_name = "POINTS")]
    pub(crate) block_at: Option<u32>,
    /// A rule and what is to change of it: amount,limit=10,each=2,most=10 adds 2 points for each above 10, 10 at most;
    /// most=0 switches it off. May be given more than once.
    #[arg(long, value_name = "RULE,limit=N,each=N,most=N")]
    pub(crate) rule: Vec<String>,
    /// Begins with the defaults.
    #[arg(long)]
    pub(crate) reset: bool,
}

/// One thing that is not to be taken, on the command line and over the admin socket. A card is named by what it is
/// counted by, or by a checkout that it was tried on, never by its number.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
#[group(required = true, multiple = true)]
pub(crate) struct ListedArgs {
    /// The card, by what it is counted by: 32 hexadecimal digits, as `risk list` and `risk tries` show them.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["checkout", "email", "network", "country", "bin"])]
    pub(crate) card: Option<String>,
    /// The card that was last sent for this checkout (the purchase's id).
    #[arg(long, value_name = "ID", conflicts_with_all = ["email", "network", "country", "bin"])]
    pub(crate) checkout: Option<String>,
    /// The try of the checkout that is meant, when it is not the last one.
    #[arg(long, value_name = "ID", requires = "checkout")]
    pub(crate) attempt: Option<String>,
    /// A payer's mail address.
    #[arg(long, conflicts_with_all = ["network", "country", "bin"])]
    pub(crate) email: Option<String>,
    /// An address or a network: 203.0.113.9 or 203.0.113.0/24.
    #[arg(long, value_name = "CIDR", conflicts_with_all = ["country", "bin"])]
    pub(crate) network: Option<String>,
    /// A country of cards and payers, two letters.
    #[arg(long, conflicts_with = "bin")]
    pub(crate) country: Option<String>,
    /// The first four to eight digits of card numbers.
    #[arg(long)]
    pub(crate) bin: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RiskAction {
    /// Shows the thresholds and rules of a merchant.
    Show {
        #[command(flatten)]
        tries: TriesArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Changes thresholds and rules of a merchant.
    Set {
        #[command(flatten)]
        tries: TriesArgs,
        #[command(flatten)]
        policy: PolicyArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Never takes a card, mail address, network, country or BIN again.
    Block {
        #[command(flatten)]
        tries: TriesArgs,
        #[command(flatten)]
        listed: ListedArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Takes it again.
    Unblock {
        #[command(flatten)]
        tries: TriesArgs,
        #[command(flatten)]
        listed: ListedArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Lists what is not taken.
    List {
        #[command(flatten)]
        tries: TriesArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Shows the blocked tries of a checkout, each with its score and reasons.
    Tries {
        #[command(flatten)]
        tries: TriesArgs,
        /// The checkout (the purchase's id).
        checkout: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DoubtAction {
    /// Lists what is in the queue, the oldest first.
    List(DataArgs),
    /// Shows what is known of something in the queue, and what to ask the acquirer.
    Show {
        /// Its reference, by which the acquirer knows it.
        reference: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Says what became of it. It is written into the journal with your name and cannot be taken back.
    Settle {
        /// Its reference, by which the acquirer knows it.
        reference: String,
        /// What became of it: approved, declined or reversed of an authorization, reversed of a reversal, done or failed of
        /// a capture, void or refund.
        #[arg(long)]
        outcome: DoubtOutcome,
        /// Who says so.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why: whom you asked, and what you were told.
        #[arg(long, value_name = "TEXT")]
        note: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoubtOutcome {
    /// The try reserved the money, or took it.
    Approved,
    /// The try was refused.
    Declined,
    /// The try was undone, or never arrived and cannot any more.
    Reversed,
    /// The operation was carried out.
    Done,
    /// The operation was not carried out and will not be.
    Failed,
}

impl DoubtOutcome {
    pub(crate) const fn verdict(self) -> Verdict {
        match self {
            Self::Approved => Verdict::Approved,
            Self::Declined => Verdict::Declined,
            Self::Reversed => Verdict::Reversed,
            Self::Done => Verdict::Done,
            Self::Failed => Verdict::Failed,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientDialect {
    /// The card payments API.
    #[value(name = "card_payments")]
    CardPayments,
    /// The orchestration API.
    Orchestration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyMode {
    /// Only the test acquirer.
    Test,
    /// Only configured acquirers.
    Live,
}

impl KeyMode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

impl Cli {
    /// The log options, before anything else is known.
    pub(crate) fn command(self) -> Command {
        self.command.unwrap_or_else(|| {
            let mut serve = self.serve;
            // The newcomer's first command.
            serve.sandbox.get_or_insert(true);
            Command::Serve(Box::new(serve))
        })
    }
}
