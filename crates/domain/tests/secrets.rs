//! A card number and a code cannot be copied, shown, compared or kept by accident (security P1, V5).

use std::fmt::{Debug, Display};
use std::hash::Hash;

use domain::{Cvc, Pan};

/// Whether a type implements a trait. Where the bound holds, the inherent constant goes before the trait's; where it
/// does not, only the trait's is left.
macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        #[allow(dead_code, reason = "where the bound holds, nobody asks it")]
        trait Otherwise {
            const ANSWER: bool = false;
        }
        impl<T> Otherwise for T {}
        #[allow(dead_code, reason = "it is there for its constant")]
        struct Asked<T>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "the point is that it may not apply")]
        impl<T: $($bound)+> Asked<T> {
            const ANSWER: bool = true;
        }
        <Asked<$type>>::ANSWER
    }};
}

macro_rules! neither {
    ($($bound:tt)+) => {
        assert!(implements!(String: $($bound)+), "the question can be answered with yes");
        assert!(!implements!(Pan: $($bound)+), "a card number: {}", stringify!($($bound)+));
        assert!(!implements!(Cvc: $($bound)+), "a code: {}", stringify!($($bound)+));
    };
}

#[test]
fn secrets_cannot_be_copied_shown_or_compared() {
    neither!(Clone);
    neither!(ToOwned);
    neither!(Display);
    neither!(ToString);
    neither!(Into<String>);
    neither!(AsRef<str>);
    neither!(std::borrow::Borrow<str>);
    neither!(std::ops::Deref<Target = str>);
    neither!(Default);
    // A comparison that stops at the first difference tells where it is.
    neither!(PartialEq);
    neither!(PartialOrd);
    neither!(Hash);
    assert!(implements!(u8: Copy) && !implements!(Pan: Copy) && !implements!(Cvc: Copy));
}

#[test]
fn what_prints_says_nothing() {
    assert!(implements!(Pan: Debug) && implements!(Cvc: Debug), "so that what holds them can be printed");
    let pan = Pan::parse("4444333322221111").expect("a card");
    let cvc = Cvc::parse("123").expect("a code");
    let shown = format!("{pan:?} {cvc:?} {pan:#?} {cvc:#?} {:?}", Some((&pan, &cvc)));
    assert!(!shown.contains(|c: char| c.is_ascii_digit()), "{shown}");
}

/// Wiped when dropped: without something to do at its end, nothing would wipe it.
#[test]
fn secrets_have_something_to_do_at_their_end() {
    assert!(std::mem::needs_drop::<Pan>() && std::mem::needs_drop::<Cvc>());
}
