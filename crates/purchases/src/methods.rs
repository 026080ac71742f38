//! Payment methods by the names of this dialect and what each can do (purchases-api 3.9).

use domain::{Brand, Currency, Mode};

use crate::errors::Problem;

/// A payment method a whitelist may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Method {
    Fpx,
    FpxB2b1,
    Visa,
    Mastercard,
    Maestro,
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

/// What a purchase asks of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// In which currency it is paid.
    pub currency: Currency,
    /// How much, in minor units.
    pub amount: i64,
    /// The money is taken later.
    pub skip_capture: bool,
    /// The payment details are kept for later charges.
    pub recurring: bool,
}

impl Needs {
    /// Whether the card is only checked and kept: nothing to pay, and nothing to be captured at once.
    #[must_use]
    pub(crate) const fn preauthorization(&self) -> bool {
        self.skip_capture && self.amount == 0
    }
}

impl Method {
    /// All of them, in the order of the reference.
    pub(crate) const ALL: [Self; 16] = [
        Self::Fpx,
        Self::FpxB2b1,
        Self::Visa,
        Self::Mastercard,
        Self::Maestro,
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

    /// The names of [`Method::ALL`].
    pub(crate) const NAMES: [&'static str; 16] = {
        let mut names = [""; 16];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].name();
            at += 1;
        }
        names
    };

    /// As on the wire.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fpx => "fpx",
            Self::FpxB2b1 => "fpx_b2b1",
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Maestro => "maestro",
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

    /// As payers know it.
    #[must_use]
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Fpx => "FPX",
            Self::FpxB2b1 => "FPX B2B1",
            Self::Visa => "Visa",
            Self::Mastercard => "Mastercard",
            Self::Maestro => "Maestro",
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

    /// Reads a name of a whitelist.
    ///
    /// # Errors
    /// `razer` is a method nobody can whitelist; `card` and everything else is no method.
    pub(crate) fn parse(name: &str) -> Result<Self, Problem> {
        if name == "razer" {
            return Err(Problem::payment_method_whitelist("This payment method cannot be whitelisted."));
        }
        let known = Self::ALL.into_iter().find(|method| method.name() == name);
        known.ok_or_else(|| Problem::invalid_choice("This is none of the payment methods."))
    }

    /// The card brand, for methods that are one.
    #[must_use]
    pub(crate) const fn brand(self) -> Option<Brand> {
        match self {
            Self::Visa => Some(Brand::Visa),
            Self::Mastercard => Some(Brand::Mastercard),
            Self::Maestro => Some(Brand::Maestro),
            Self::Fpx
            | Self::FpxB2b1
            | Self::MpgsGooglePay
            | Self::MpgsApplePay
            | Self::RazerAtome
            | Self::RazerGrabpay
            | Self::RazerMaybankqr
            | Self::RazerShopeepay
            | Self::RazerTng
            | Self::ShopeePay
            | Self::DuitnowQr
            | Self::Dnqr
            | Self::CryptoCoin => None,
        }
    }

    /// Whether it can do what a purchase asks.
    #[must_use]
    pub(crate) fn can(self, needs: &Needs) -> bool {
        // Only cards can be held, kept or checked for nothing.
        let plain = !needs.skip_capture && !needs.recurring;
        (plain || self.brand().is_some())
            && (needs.preauthorization() || needs.amount >= self.minimum())
            && (!self.is_malaysian() || needs.currency.code() == "MYR")
    }

    /// The smallest amount, in minor units.
    const fn minimum(self) -> i64 {
        match self {
            Self::Fpx => 100,
            Self::FpxB2b1 => 200,
            Self::DuitnowQr | Self::Dnqr => 15,
            Self::RazerAtome => 1_000,
            Self::Visa
            | Self::Mastercard
            | Self::Maestro
            | Self::MpgsGooglePay
            | Self::MpgsApplePay
            | Self::RazerGrabpay
            | Self::RazerMaybankqr
            | Self::RazerShopeepay
            | Self::RazerTng
            | Self::ShopeePay
            | Self::CryptoCoin => 0,
        }
    }

    /// Banks and wallets of Malaysia take ringgit only.
    const fn is_malaysian(self) -> bool {
        match self {
            Self::Fpx
            | Self::FpxB2b1
            | Self::RazerAtome
            | Self::RazerGrabpay
            | Self::RazerMaybankqr
            | Self::RazerShopeepay
            | Self::RazerTng
            | Self::ShopeePay
            | Self::DuitnowQr
            | Self::Dnqr => true,
            Self::Visa
            | Self::Mastercard
            | Self::Maestro
            | Self::MpgsGooglePay
            | Self::MpgsApplePay
            | Self::CryptoCoin => false,
        }
    }
}

/// The methods the acquirers of a mode offer. Live mode has no acquirers yet that a configuration could name.
#[must_use]
pub(crate) const fn offered(mode: Mode) -> &'static [Method] {
    match mode {
        Mode::Test => &[Method::Visa, Method::Mastercard, Method::Maestro],
        Mode::Live => &[],
    }
}

/// The offered methods that a purchase can be paid with, in the order they are offered.
#[must_use]
pub(crate) fn remaining(offered: &[Method], whitelist: Option<&[Method]>, needs: &Needs) -> Vec<Method> {
    let is_listed = |method: &Method| whitelist.is_none_or(|listed| listed.contains(method));
    offered.iter().copied().filter(|method| is_listed(method) && method.can(needs)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(amount: i64) -> Needs {
        Needs { currency: Currency::parse("MYR").expect("ringgit"), amount, skip_capture: false, recurring: false }
    }

    fn names(whitelist: Option<&[Method]>, needs: &Needs) -> String {
        let left = remaining(&Method::ALL, whitelist, needs);
        left.into_iter().map(Method::name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_are_read_back() {
        for method in Method::ALL {
            assert_eq!(Ok(method), Method::parse(method.name()));
        }
        assert_eq!("invalid_payment_method_whitelist", Method::parse("razer").expect_err("not listable").code);
        for name in ["card", "", "Visa", "amex", "paypal"] {
            assert_eq!("invalid_choice", Method::parse(name).expect_err(name).code);
        }
    }

    #[test]
    fn the_capability_matrix() {
        let cards = "visa mastercard maestro";
        assert_eq!(Method::NAMES.join(" "), names(None, &needs(1_000)));
        assert_eq!(cards, names(None, &Needs { skip_capture: true, ..needs(1_000) }));
        assert_eq!(cards, names(None, &Needs { recurring: true, ..needs(1_000) }));
        assert_eq!(cards, names(None, &Needs { skip_capture: true, ..needs(0) }));
        let euros = Needs { currency: Currency::parse("EUR").expect("euro"), ..needs(1_000) };
        assert_eq!("visa mastercard maestro mpgs_google_pay mpgs_apple_pay crypto_coin", names(None, &euros));
    }

    #[test]
    fn minimum_amounts() {
        for (name, minimum) in
            [("fpx", 100), ("fpx_b2b1", 200), ("duitnow_qr", 15), ("dnqr", 15), ("razer_atome", 1_000), ("visa", 1)]
        {
            let method = Method::parse(name).expect(name);
            assert!(method.can(&needs(minimum)), "{name}");
            assert!(name == "visa" || !method.can(&needs(minimum - 1)), "{name}");
        }
    }

    #[test]
    fn a_whitelist_leaves_what_it_names_and_the_acquirers_offer() {
        let offered = [Method::Visa, Method::Mastercard];
        let listed = [Method::Maestro, Method::Visa, Method::Fpx];
        assert_eq!(vec![Method::Visa], remaining(&offered, Some(&listed), &needs(5)));
        assert_eq!(Vec::<Method>::new(), remaining(&offered, Some(&[Method::Fpx]), &needs(500)));
        assert_eq!(Vec::<Method>::new(), remaining(&[], None, &needs(500)));
    }
}
