//! What else than a card pays a purchase: its payer confirms on a page of the acquirer's (purchases-api 3.9). Banks are
//! those of purchases-api 11.1, by the names their customers know.

use std::fmt;

use crate::tender::RedirectMethod;

/// A method of payment other than a card, by the name clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LocalMethod {
    /// A transfer from a consumer's bank.
    Fpx,
    /// A transfer from a company's bank.
    FpxB2b1,
    MpgsGooglePay,
    MpgsApplePay,
    RazerAtome,
    RazerGrabpay,
    RazerMaybankqr,
    RazerShopeepay,
    RazerTng,
    ShopeePay,
    DuitnowQr,
    Dnqr,
    CryptoCoin,
}

impl LocalMethod {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Fpx,
        Self::FpxB2b1,
        Self::MpgsGooglePay,
        Self::MpgsApplePay,
        Self::RazerAtome,
        Self::RazerGrabpay,
        Self::RazerMaybankqr,
        Self::RazerShopeepay,
        Self::RazerTng,
        Self::ShopeePay,
        Self::DuitnowQr,
        Self::Dnqr,
        Self::CryptoCoin,
    ];

    /// As stored and spoken.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fpx => "fpx",
            Self::FpxB2b1 => "fpx_b2b1",
            Self::MpgsGooglePay => "mpgs_google_pay",
            Self::MpgsApplePay => "mpgs_apple_pay",
            Self::RazerAtome => "razer_atome",
            Self::RazerGrabpay => "razer_grabpay",
            Self::RazerMaybankqr => "razer_maybankqr",
            Self::RazerShopeepay => "razer_shopeepay",
            Self::RazerTng => "razer_tng",
            Self::ShopeePay => "shopee_pay",
            Self::DuitnowQr => "duitnow_qr",
            Self::Dnqr => "dnqr",
            Self::CryptoCoin => "crypto_coin",
        }
    }

    /// Reads [`LocalMethod::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    /// As payers know it. Two ways to the same wallet have one label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fpx => "FPX",
            Self::FpxB2b1 => "FPX B2B1",
            Self::MpgsGooglePay => "Google Pay",
            Self::MpgsApplePay => "Apple Pay",
            Self::RazerAtome => "Atome",
            Self::RazerGrabpay => "GrabPay",
            Self::RazerMaybankqr => "Maybank QR",
            Self::RazerShopeepay | Self::ShopeePay => "ShopeePay",
            Self::RazerTng => "Touch 'n Go",
            Self::DuitnowQr | Self::Dnqr => "DuitNow QR",
            Self::CryptoCoin => "Crypto",
        }
    }

    /// What kind of page its payer confirms on.
    #[must_use]
    pub const fn kind(self) -> RedirectMethod {
        match self {
            Self::Fpx | Self::FpxB2b1 => RedirectMethod::Bank,
            Self::RazerAtome => RedirectMethod::PayLater,
            Self::MpgsGooglePay
            | Self::MpgsApplePay
            | Self::RazerGrabpay
            | Self::RazerMaybankqr
            | Self::RazerShopeepay
            | Self::RazerTng
            | Self::ShopeePay
            | Self::DuitnowQr
            | Self::Dnqr
            | Self::CryptoCoin => RedirectMethod::Wallet,
        }
    }

    /// The banks its payer chooses from, by name; none where there is nothing to choose.
    #[must_use]
    pub const fn banks(self) -> &'static [Bank] {
        match self {
            Self::Fpx => &CONSUMER_BANKS,
            Self::FpxB2b1 => &BUSINESS_BANKS,
            Self::MpgsGooglePay
            | Self::MpgsApplePay
            | Self::RazerAtome
            | Self::RazerGrabpay
            | Self::RazerMaybankqr
            | Self::RazerShopeepay
            | Self::RazerTng
            | Self::ShopeePay
            | Self::DuitnowQr
            | Self::Dnqr
            | Self::CryptoCoin => &[],
        }
    }

    /// The bank with this code.
    #[must_use]
    pub fn bank(self, code: &str) -> Option<Bank> {
        self.banks().iter().copied().find(|bank| bank.code == code)
    }
}

/// A bank of FPX. Banks are added to the lists and never taken off: a journal may name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bank {
    /// By which FPX knows it.
    pub code: &'static str,
    /// By which its customers know it.
    pub name: &'static str,
}

/// A method, and the bank where its payer chooses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocalMeans {
    method: LocalMethod,
    bank: Option<Bank>,
}

impl LocalMeans {
    /// `None` when a bank is missing, is not one of the method's, or is given where there is none to choose.
    #[must_use]
    pub fn new(method: LocalMethod, code: Option<&str>) -> Option<Self> {
        let bank = code.map(|code| method.bank(code));
        match bank {
            Some(Some(bank)) => Some(Self { method, bank: Some(bank) }),
            None if method.banks().is_empty() => Some(Self { method, bank: None }),
            Some(None) | None => None,
        }
    }

    /// Reads what its display says back: `razer_tng`, `fpx MB2U0227`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (method, bank) = text.split_once(' ').map_or((text, None), |(method, bank)| (method, Some(bank)));
        Self::new(LocalMethod::parse(method)?, bank)
    }

    /// The method.
    #[must_use]
    pub const fn method(self) -> LocalMethod {
        self.method
    }

    /// The bank, of a method with banks.
    #[must_use]
    pub const fn bank(self) -> Option<Bank> {
        self.bank
    }

    /// Whose page the payer confirms on, as payers know it: the bank's, or the method's.
    #[must_use]
    pub const fn house(self) -> &'static str {
        match self.bank {
            Some(bank) => bank.name,
            None => self.method.label(),
        }
    }
}

/// The method, and after a space the bank.
impl fmt::Display for LocalMeans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method.as_str())?;
        self.bank.map_or(Ok(()), |bank| write!(f, " {}", bank.code))
    }
}

const fn bank(code: &'static str, name: &'static str) -> Bank {
    Bank { code, name }
}

static CONSUMER_BANKS: [Bank; 21] = [
    bank("ABB0233", "Affin Bank"),
    bank("AGRO01", "AGRONet"),
    bank("ABMB0212", "Alliance Bank"),
    bank("AMBB0209", "AmBank"),
    bank("BIMB0340", "Bank Islam"),
    bank("BMMB0341", "Bank Muamalat"),
    bank("BOCM01", "Bank of China"),
    bank("BKRM0602", "Bank Rakyat"),
    bank("BSN0601", "BSN"),
    bank("BCBB0235", "CIMB Clicks"),
    bank("HLB0224", "Hong Leong Bank"),
    bank("HSBC0223", "HSBC Bank"),
    bank("KFH0346", "KFH"),
    bank("MBB0228", "Maybank2E"),
    bank("MB2U0227", "Maybank2u"),
    bank("MBSB001", "MBSB Bank"),
    bank("OCBC0229", "OCBC Bank"),
    bank("PBB0233", "Public Bank"),
    bank("RHB0218", "RHB Bank"),
    bank("SCB0216", "Standard Chartered"),
    bank("UOB0226", "UOB Bank"),
];

static BUSINESS_BANKS: [Bank; 22] = [
    bank("ABB0235", "AFFINMAX"),
    bank("AGRO02", "AGRONetBIZ"),
    bank("ABMB0213", "Alliance Bank (Business)"),
    bank("AMBB0208", "AmBank (Business)"),
    bank("BIMB0340", "Bank Islam"),
    bank("BMMB0342", "Bank Muamalat (Business)"),
    bank("BKRM0602", "Bank Rakyat"),
    bank("BNP003", "BNP Paribas"),
    bank("BCBB0235", "CIMB Bank (Business)"),
    bank("CIT0218", "Citibank Corporate Banking"),
    bank("DBB0199", "Deutsche Bank"),
    bank("HLB0224", "Hong Leong Bank"),
    bank("HSBC0223", "HSBC Bank"),
    bank("KFH0346", "KFH"),
    bank("MBB0228", "Maybank2E"),
    bank("MBSB001", "MBSB Bank"),
    bank("OCBC0229", "OCBC Bank"),
    bank("PBB0233", "Public Bank"),
    bank("PBB0234", "Public Bank PB enterprise"),
    bank("RHB0218", "RHB Bank"),
    bank("SCB0215", "Standard Chartered (Business)"),
    bank("UOB0228", "UOB Bank (Business)"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(method: LocalMethod) -> String {
        let mut codes: Vec<_> = method.banks().iter().map(|bank| bank.code).collect();
        codes.sort_unstable();
        codes.join(" ")
    }

    #[test]
    fn names_are_read_back() {
        for method in LocalMethod::ALL {
            assert_eq!(Some(method), LocalMethod::parse(method.as_str()));
        }
        for name in ["", "visa", "razer", "FPX", "card"] {
            assert_eq!(None, LocalMethod::parse(name), "{name}");
        }
    }

    #[test]
    fn the_banks_are_those_of_the_reference() {
        let consumer = "ABB0233 ABMB0212 AGRO01 AMBB0209 BCBB0235 BIMB0340 BKRM0602 BMMB0341 BOCM01 BSN0601 HLB0224 HSBC0223 KFH0346 MB2U0227 MBB0228 MBSB001 OCBC0229 PBB0233 RHB0218 SCB0216 UOB0226";
        let business = "ABB0235 ABMB0213 AGRO02 AMBB0208 BCBB0235 BIMB0340 BKRM0602 BMMB0342 BNP003 CIT0218 DBB0199 HLB0224 HSBC0223 KFH0346 MBB0228 MBSB001 OCBC0229 PBB0233 PBB0234 RHB0218 SCB0215 UOB0228";
        assert_eq!(consumer, codes(LocalMethod::Fpx));
        assert_eq!(business, codes(LocalMethod::FpxB2b1));
        for method in LocalMethod::ALL {
            assert_eq!(method.kind() == RedirectMethod::Bank, !method.banks().is_empty(), "{method:?}");
            let names: Vec<_> = method.banks().iter().map(|bank| bank.name.to_lowercase()).collect();
            assert!(names.is_sorted(), "payers look for their bank by its name: {names:?}");
        }
    }

    #[test]
    fn a_bank_is_chosen_where_there_are_banks_and_nowhere_else() {
        let means = |method, code| LocalMeans::new(method, code).map(LocalMeans::house);
        assert_eq!(Some("Maybank2u"), means(LocalMethod::Fpx, Some("MB2U0227")));
        assert_eq!(None, means(LocalMethod::FpxB2b1, Some("MB2U0227")), "a consumer's bank");
        assert_eq!(None, means(LocalMethod::Fpx, Some("MB2U0228")));
        assert_eq!(None, means(LocalMethod::Fpx, None));
        assert_eq!(Some("GrabPay"), means(LocalMethod::RazerGrabpay, None));
        assert_eq!(None, means(LocalMethod::RazerGrabpay, Some("MB2U0227")));
        for text in ["fpx MB2U0227", "razer_tng"] {
            assert_eq!(Some(text.to_owned()), LocalMeans::parse(text).map(|means| means.to_string()));
        }
        for text in ["fpx", "fpx ", "razer_tng MB2U0227", "", "fpx MB2U0227 "] {
            assert_eq!(None, LocalMeans::parse(text), "{text}");
        }
    }
}
