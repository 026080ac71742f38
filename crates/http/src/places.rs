//! How many connections there may be: in all, and from one address (security D3).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places there are.
pub(crate) struct Places {
    per_ip_max: usize,
    total_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    per_ip: HashMap<IpAddr, usize>,
}

/// A place taken by one connection, given back when dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    /// The address it counts for, unless that is excepted.
    ip: Option<IpAddr>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    Total,
    Ip,
}

impl Places {
    pub(crate) fn new(total_max: usize, per_ip_max: usize) -> Self {
        Self { per_ip_max, total_max, taken: Mutex::default() }
    }

    /// A place for a connection from `ip`; an excepted one counts in total only.
    pub(crate) fn take(self: &Arc<Self>, ip: IpAddr, excepted: bool) -> Result<Place, Full> {
        let ip = (!excepted).then_some(network(ip));
        let mut taken = self.taken();
        if taken.total >= self.total_max {
            return Err(Full::Total);
        }
        if let Some(ip) = ip {
            let of_ip = taken.per_ip.entry(ip).or_default();
            if *of_ip >= self.per_ip_max {
                return Err(Full::Ip);
            }
            *of_ip += 1;
        }
        taken.total += 1;
        Ok(Place { places: Arc::clone(self), ip })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.total = taken.total.saturating_sub(1);
        if let Some(ip) = self.ip
            && let Some(of_ip) = taken.per_ip.get_mut(&ip)
        {
            *of_ip = of_ip.saturating_sub(1);
            if *of_ip == 0 {
                taken.per_ip.remove(&ip);
            }
        }
    }
}

/// One caller may have all of an IPv6 /64, so that is one address here.
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_and_all_together_have_their_limit() {
        let places = Arc::new(Places::new(4, 2));
        let (one, other): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        let first = places.take(one, false).unwrap();
        let _second = places.take(other, false).unwrap();
        assert_eq!(Some(Full::Ip), places.take(one, false).err(), "one network, one address");
        let _excepted = places.take(one, true).unwrap();
        let _fourth = places.take("192.0.2.1".parse().unwrap(), false).unwrap();
        assert_eq!(Some(Full::Total), places.take("192.0.2.2".parse().unwrap(), false).err());
        assert_eq!(Some(Full::Total), places.take(one, true).err());
        drop(first);
        let _again = places.take(one, false).unwrap();
        assert_eq!(2, places.taken().per_ip.len());
    }

    #[test]
    fn nothing_is_left_of_who_went() {
        let places = Arc::new(Places::new(4, 1));
        let ip: IpAddr = "192.0.2.1".parse().unwrap();
        drop(places.take(ip, false).unwrap());
        // A refusal for the total leaves no trace either.
        let full = Arc::new(Places::new(0, 1));
        assert_eq!(Some(Full::Total), full.take(ip, false).err());
        assert!(places.taken().per_ip.is_empty() && full.taken().per_ip.is_empty());
        assert_eq!(0, places.taken().total);
    }
}
