//! Payment methods by the names of this dialect and what each can do (purchases-api 3.9).

use domain::{Brand, Currency, LocalMethod, Mode};

use crate::errors::Problem;

/// A payment method a whitelist may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Method {
    /// Cards of one brand.
    Card(Brand),
    /// Anything else.
    Local(LocalMethod),
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

impl Method {
    /// All of them, in the order of the reference.
    pub(crate) const ALL: [Self; 16] = [
        Self::Local(LocalMethod::Fpx),
        Self::Local(LocalMethod::FpxB2b1),
        Self::Card(Brand::Visa),
        Self::Card(Brand::Mastercard),
        Self::Card(Brand::Maestro),
        Self::Local(LocalMethod::MpgsGooglePay),
        Self::Local(LocalMethod::MpgsApplePay),
        Self::Local(LocalMethod::RazerAtome),
        Self::Local(LocalMethod::RazerGrabpay),
        Self::Local(LocalMethod::RazerMaybankqr),
        Self::Local(LocalMethod::RazerShopeepay),
        Self::Local(LocalMethod::RazerTng),
        Self::Local(LocalMethod::ShopeePay),
        Self::Local(LocalMethod::DuitnowQr),
        Self::Local(LocalMethod::Dnqr),
        Self::Local(LocalMethod::CryptoCoin),
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
            Self::Card(brand) => brand.as_str(),
            Self::Local(method) => method.as_str(),
        }
    }

    /// As payers know it.
    #[must_use]
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Card(brand) => brand.label(),
            Self::Local(method) => method.label(),
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
            Self::Card(brand) => Some(brand),
            Self::Local(_) => None,
        }
    }

    /// What is no card.
    #[must_use]
    pub(crate) const fn local(self) -> Option<LocalMethod> {
        match self {
            Self::Card(_) => None,
            Self::Local(method) => Some(method),
        }
    }

    /// Whether it can do what a purchase asks.
    #[must_use]
    pub(crate) fn can(self, needs: &Needs) -> bool {
        let Self::Local(method) = self else { return true };
        // Only cards can be held, kept or checked for nothing.
        let plain = !needs.skip_capture && !needs.recurring;
        plain && needs.amount >= minimum(method) && (!self.is_malaysian() || needs.currency.code() == "MYR")
    }

    /// Whether it is there for payers of Malaysia only, and takes ringgit only.
    #[must_use]
    pub(crate) const fn is_malaysian(self) -> bool {
        match self {
            Self::Card(_) => false,
            Self::Local(method) => match method {
                LocalMethod::Fpx
                | LocalMethod::FpxB2b1
                | LocalMethod::RazerAtome
                | LocalMethod::RazerGrabpay
                | LocalMethod::RazerMaybankqr
                | LocalMethod::RazerShopeepay
                | LocalMethod::RazerTng
                | LocalMethod::ShopeePay
                | LocalMethod::DuitnowQr
                | LocalMethod::Dnqr => true,
                LocalMethod::MpgsGooglePay | LocalMethod::MpgsApplePay | LocalMethod::CryptoCoin => false,
            },
        }
    }

    /// Whether it is one of those that `razer` stands for.
    #[must_use]
    pub(crate) fn is_razer(self) -> bool {
        self.name().starts_with("razer_")
    }
}

/// The smallest amount, in minor units (3.9).
const fn minimum(method: LocalMethod) -> i64 {
    match method {
        LocalMethod::Fpx => 100,
        LocalMethod::FpxB2b1 => 200,
        LocalMethod::DuitnowQr | LocalMethod::Dnqr => 15,
        LocalMethod::RazerAtome => 1_000,
        LocalMethod::MpgsGooglePay
        | LocalMethod::MpgsApplePay
        | LocalMethod::RazerGrabpay
        | LocalMethod::RazerMaybankqr
        | LocalMethod::RazerShopeepay
        | LocalMethod::RazerTng
        | LocalMethod::ShopeePay
        | LocalMethod::CryptoCoin => 1,
    }
}

/// The methods the acquirers of a mode offer. Live mode has no acquirers yet that a configuration could name.
#[must_use]
pub(crate) const fn offered(mode: Mode) -> &'static [Method] {
    match mode {
        Mode::Test => &Method::ALL,
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
        let [visa, mastercard, maestro] = [Brand::Visa, Brand::Mastercard, Brand::Maestro].map(Method::Card);
        let (offered, fpx) = ([visa, mastercard], Method::Local(LocalMethod::Fpx));
        assert_eq!(vec![visa], remaining(&offered, Some(&[maestro, visa, fpx]), &needs(5)));
        assert_eq!(Vec::<Method>::new(), remaining(&offered, Some(&[fpx]), &needs(500)));
        assert_eq!(Vec::<Method>::new(), remaining(&[], None, &needs(500)));
    }
}
