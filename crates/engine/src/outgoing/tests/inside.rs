//! That nothing inside is ever reached (security S4). Each walk is its test run once more in a network of its own, in
//! which every address there is leads to this machine: whoever is dialled notices.

use std::process::Command;

use super::*;

/// Set for the test that runs inside.
const INSIDE: &str = "TOLLGATE_TEST_NETWORK";
const NETWORK: &str =
    "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && ip -6 route add local ::/0 dev lo && exec \"$@\"";

const SHOP: &str = "93.184.216.34";
const OTHER_SHOP: &str = "93.184.215.14";

/// What must not be reached by a process in public reach.
const HONEYPOTS: [&str; 14] = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "::ffff:127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "fc00::1",
    "fd00:ec2::254",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
];

/// Runs the test of that name again, alone in its network; there, `walk` is all it does.
pub(super) fn in_a_network_of_its_own(module: &str, test: &str, walk: impl Future<Output = ()>) {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        return runtime.block_on(walk);
    }
    let (_, module) = module.split_once("::").expect("a crate before it");
    let again = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-c", NETWORK, "sh"])
        .arg(std::env::current_exe().expect("this program"))
        .args([&format!("{module}::{test}"), "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare runs (Debian: util-linux)");
    let (said, complained) = (String::from_utf8_lossy(&again.stdout), String::from_utf8_lossy(&again.stderr));
    assert!(
        again.status.success() && said.contains("1 passed"),
        "in a network of its own, which takes `unshare` and `ip` and the right to use them:\n{said}\n{complained}"
    );
}

/// Every address there is, at ports 80 and 443.
async fn everybody(reply: impl Fn(&Heard) -> Reply + Clone + Send + Sync + 'static) -> Arc<Receiver> {
    let receiver = Arc::new(Receiver::default());
    for port in [80, 443] {
        receiver.listen(&format!("[::]:{port}"), reply.clone()).await;
    }
    receiver
}

pub(super) fn outgoing(reach: Reach, script: Script) -> Outgoing {
    let soon = Duration::from_millis(1_000);
    let limits = Limits { dns: soon, connect: soon, chain: soon, one_call: soon, body: soon };
    let script = script.name("shop.example", SHOP).name("other.example", OTHER_SHOP);
    Outgoing { limits, names: Names::Scripted(script), ..Outgoing::new(reach, None) }
}

fn is_shop(ip: IpAddr) -> bool {
    [SHOP, OTHER_SHOP].contains(&ip.to_string().as_str())
}

/// As it stands in an address.
fn host(ip: &str) -> String {
    if ip.contains(':') { format!("[{ip}]") } else { ip.to_owned() }
}

#[test]
fn who_is_dialled_in_that_network_notices() {
    in_a_network_of_its_own(module_path!(), "who_is_dialled_in_that_network_notices", async {
        let receiver = everybody(|_| Reply::Say(ok(""))).await;
        for ip in HONEYPOTS.into_iter().chain([SHOP, OTHER_SHOP]) {
            for port in [80, 443] {
                TcpStream::connect((ip, port)).await.expect(ip);
            }
        }
        sleep(Duration::from_millis(50)).await;
        assert_eq!(2 * 16, receiver.dialled().await.len());
    });
}

/// Refused by every process.
const INNER: &[&str] = &[
    "http://10.0.0.1/",
    "http://10.0.0.1:80/",
    "https://10.0.0.1/",
    "http://10.1/",
    "http://012.0.0.1/",
    "http://0xa.0.0.1/",
    "http://0xA000001/",
    "http://167772161/",
    "http://１０.０.０.１/",
    "http://10。0。0。1/",
    "http://%31%30.0.0.1/",
    "http://10.0.0.1./",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://192.168.257/",
    "http://3232235777/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xA9FEA9FE/",
    "http://0251.0376.0251.0376/",
    "http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/",
    "http://100.64.0.1/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://0.0.0.0/",
    "http://0/",
    "http://0.0.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::ffff:0.0.0.0]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:a00:1::1]/",
    "http://[2001::1]/",
    "http://[2001:db8::1]/",
    "http://[100::1]/",
    "http://[3fff::1]/",
    "http://[5f00::1]/",
    "http://metadata.example/",
];

/// Refused by a process in public reach; one in a sandbox calls this machine there.
const LOOPBACK: &[&str] = &[
    "http://127.0.0.1/",
    "http://127.0.0.1:443/",
    "https://127.0.0.1/",
    "http://127.255.255.254/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://0177.1/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://１２７.０.０.１/",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://%31%32%37.0.0.1/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://loc%61lhost/",
    "http://@127.0.0.1/",
    "http:127.0.0.1",
    "http:/127.0.0.1",
    "http:///127.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "http://127.0.0.1\\@93.184.216.34/",
    "http://\t127.0.0.1/",
    "http://127.0\n.0.1/",
    " http://127.0.0.1/ ",
    "HTTP://127.0.0.1?@shop.example/",
    "http://127.0.0.1#@shop.example/",
    "http://loopback.example/",
];

/// No addresses that anybody calls.
const MALFORMED: &[&str] = &[
    "",
    "127.0.0.1",
    "//127.0.0.1/",
    "/hook",
    "http:",
    "http://",
    "https://",
    "http://:80/",
    "http://?x",
    "http://@/",
    "http://user@93.184.216.34/",
    "http://user:secret@93.184.216.34/",
    "http://:secret@93.184.216.34/",
    "http://user@127.0.0.1/",
    "http://93.184.216.34@10.0.0.1/",
    "http://shop.example%2f@10.0.0.1/",
    "http://user:secret@[::1]/",
    "http://256.256.256.256/",
    "http://1.2.3.4.5/",
    "http://0x100000000/",
    "http://127.0.0.1:65536/",
    "http://127.0.0.1:-1/",
    "http://[::1/",
    "http://[::1]x/",
    "http://[fe80::1%25lo]/",
    "http://[fe80::1%lo]/",
    "http://127.0.0.1%00.shop.example/",
    "http://127.0.0.1 .shop.example/",
    "http://sh<op.example/",
    "http://xn--/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "gopher://127.0.0.1:6379/_x",
    "ws://127.0.0.1/",
    "unix:/run/socket",
    "javascript:alert(1)",
    "data:text/html,x",
];

/// These only look as if they led inside.
const HARMLESS: &[&str] = &[
    "http://93.184.216.34\\@127.0.0.1/",
    "http://93.184.216.34/@127.0.0.1/",
    "http://93.184.216.34?@127.0.0.1/",
    "http://93.184.216.34#@127.0.0.1/",
    "http://shop.example\\@10.0.0.1/",
];

#[test]
fn no_spelling_of_an_inner_address_is_dialled() {
    in_a_network_of_its_own(module_path!(), "no_spelling_of_an_inner_address_is_dialled", async {
        let receiver = everybody(|_| Reply::Say(ok(""))).await;
        for reach in [Reach::Public, Reach::PublicAndLoopback] {
            let here = "127.0.0.1 ::1";
            let names =
                Script::default().name("localhost", here).name("localhost.", here).name("loopback.example", here);
            let outgoing = outgoing(reach, names.name("metadata.example", "169.254.169.254"));
            for (url, expected) in [(INNER, SendError::NotPublic), (MALFORMED, SendError::Address)]
                .into_iter()
                .flat_map(|(urls, expected)| urls.iter().map(move |url| (*url, expected)))
            {
                assert_eq!(Err(expected), post(&outgoing, url).await, "{url} in {reach:?}");
                assert_eq!(
                    Err(expected),
                    outgoing.post_once(of_merchant(1), Mode::Test, url, "{}").await,
                    "{url} in {reach:?}"
                );
                let token = DeliveryId::new(uuid::Uuid::nil());
                let answer = outgoing.call_with_token(of_merchant(1), Mode::Test, url, token).await;
                assert_eq!(Err(expected), answer, "{url} in {reach:?}");
            }
            assert!(receiver.dialled().await.is_empty(), "{:?}", receiver.dialled().await);
            for url in LOOPBACK {
                let answer = post(&outgoing, url).await;
                let dialled = receiver.dialled().await;
                receiver.forget();
                match reach {
                    Reach::Public => {
                        assert!(answer == Err(SendError::NotPublic) && dialled.is_empty(), "{url}: {answer:?}");
                    }
                    Reach::PublicAndLoopback => {
                        assert!(answer.is_ok() || url.starts_with("https"), "{url}: {answer:?}");
                        assert!(dialled.iter().all(IpAddr::is_loopback), "{url}: {dialled:?}");
                    }
                }
            }
            for url in HARMLESS {
                post(&outgoing, url).await.expect(url);
            }
            assert!(receiver.dialled().await.into_iter().all(is_shop), "{:?}", receiver.dialled().await);
            receiver.forget();
        }
    });
}

#[test]
fn no_answer_of_a_hostile_name_server_leads_inside() {
    in_a_network_of_its_own(module_path!(), "no_answer_of_a_hostile_name_server_leads_inside", async {
        let receiver = everybody(|heard| match heard.path() {
            "/home" => redirect("302", "/on"),
            _ => Reply::Say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned()),
        })
        .await;
        for inner in HONEYPOTS {
            for answers in [inner.to_owned(), format!("{SHOP} {inner}"), format!("{inner} {SHOP}")] {
                let outgoing = outgoing(Reach::Public, Script::default().name("shop.evil", &answers));
                assert_eq!(Err(SendError::NotPublic), post(&outgoing, "http://shop.evil/").await, "{answers}");
            }
            assert!(receiver.dialled().await.is_empty(), "{:?}", receiver.dialled().await);

            // Public at the first look-up, inner from the second on: one call looks once, and goes where it looked.
            let outgoing = outgoing(Reach::Public, Script::default().name("shop.evil", &format!("{SHOP}|{inner}")));
            post(&outgoing, "http://shop.evil/").await.expect("a shop");
            assert_eq!(Err(SendError::NotPublic), post(&outgoing, "http://shop.evil/").await, "{inner}");
            assert_eq!(vec![SHOP], receiver.dialled().await.iter().map(IpAddr::to_string).collect::<Vec<_>>());
            receiver.forget();
        }
        let outgoing = outgoing(Reach::Public, Script::default().name("shop.evil", ""));
        assert_eq!(Err(SendError::Resolve), post(&outgoing, "http://shop.evil/").await);
        assert_eq!(Err(SendError::Resolve), post(&outgoing, "http://nobody.evil/").await);
    });
}

#[test]
fn no_redirect_leads_inside() {
    in_a_network_of_its_own(module_path!(), "no_redirect_leads_inside", async {
        // `/303/2/http://inner/` leads on as 303 twice, then to what follows.
        let receiver = everybody(|heard| {
            let mut parts = heard.path().splitn(4, '/').skip(1);
            let (Some(status), Some(hops), Some(target)) = (parts.next(), parts.next(), parts.next()) else {
                return Reply::Say(ok("inside"));
            };
            match hops.parse::<usize>().expect("a number") {
                1 => redirect(status, target),
                more => redirect(status, &format!("/{status}/{}/{target}", more - 1)),
            }
        })
        .await;
        let script = || Script::default().name("rebinding.example", &format!("{SHOP}|127.0.0.1"));
        for status in ["301", "302", "303", "307", "308"] {
            for hop in 1..=5 {
                for inner in HONEYPOTS {
                    let outgoing = outgoing(Reach::Public, script());
                    let url = format!("http://shop.example/{status}/{hop}/http://{}/", host(inner));
                    let answer = post(&outgoing, &url).await;
                    // What repeats the POST goes to no other host at all.
                    let refused = if status < "304" { SendError::NotPublic } else { SendError::Redirect };
                    assert_eq!(Err(refused), answer, "{status} to {inner} at hop {hop}");
                }
                // A GET is led on by 307 and 308, too.
                let outgoing = outgoing(Reach::Public, script());
                let path = format!("/302/1//{status}/{hop}/http://10.0.0.1/");
                let refused = if hop < 5 { SendError::NotPublic } else { SendError::Redirect };
                assert_eq!(Err(refused), post(&outgoing, &format!("http://shop.example{path}")).await, "{path}");
            }
            assert!(receiver.dialled().await.into_iter().all(is_shop), "{:?}", receiver.dialled().await);
        }
        // The second look-up of the same name leads inside.
        let outgoing = outgoing(Reach::Public, script());
        let url = "http://rebinding.example/302/1/https://rebinding.example/";
        assert_eq!(Err(SendError::NotPublic), post(&outgoing, url).await);
        assert!(receiver.dialled().await.into_iter().all(is_shop), "{:?}", receiver.dialled().await);
        assert!(receiver.heard().iter().all(|heard| is_shop(heard.to)));
    });
}

#[test]
fn a_redirect_takes_nothing_along_to_a_stranger() {
    in_a_network_of_its_own(module_path!(), "a_redirect_takes_nothing_along_to_a_stranger", async {
        let receiver = everybody(|heard| match heard.path() {
            "/loop" => redirect("302", "/loop"),
            "/six" => redirect("302", "/302/4"),
            "/five" => redirect("302", "/302/3"),
            path => match path.split('/').collect::<Vec<_>>()[..] {
                ["", status, "out"] => redirect(status, "http://other.example/arrived"),
                ["", status, "relative"] => redirect(status, "../arrived"),
                ["", status, "0"] => redirect(status, "/arrived"),
                ["", status, left] if left.len() == 1 => {
                    redirect(status, &format!("/302/{}", left.parse::<u8>().expect("a digit") - 1))
                }
                ["", "to", hex] => {
                    let location = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16));
                    let location = location.collect::<Result<Vec<_>, _>>().expect("hex");
                    redirect("302", &String::from_utf8(location).expect("text"))
                }
                _ => Reply::Say(ok("arrived")),
            },
        })
        .await;
        let outgoing = outgoing(Reach::Public, Script::default());
        let to = |location: &str| format!("/to/{}", location.bytes().map(|b| format!("{b:02x}")).collect::<String>());
        for (path, expected) in [
            ("/301/out", Ok("arrived")),
            ("/302/out", Ok("arrived")),
            ("/303/out", Ok("arrived")),
            ("/307/out", Err(SendError::Redirect)),
            ("/308/out", Err(SendError::Redirect)),
            ("/304/out", Err(SendError::Redirect)),
            ("/302/relative", Ok("arrived")),
            ("/307/relative", Ok("arrived")),
            ("/five", Ok("arrived")),
            ("/six", Err(SendError::Redirect)),
            ("/loop", Err(SendError::Redirect)),
            (&to("//other.example/x"), Ok("arrived")),
            (&to("http:\\\\other.example\\x"), Ok("arrived")),
            (&to("#top"), Err(SendError::Redirect)),
            (&to("http://user:secret@other.example/"), Err(SendError::Address)),
            (&to("http://93.184.216.34@127.0.0.1/"), Err(SendError::Address)),
            (&to("//10.0.0.1/"), Err(SendError::NotPublic)),
            (&to("\\\\10.0.0.1\\"), Err(SendError::NotPublic)),
            (&to("http://0x7f.1/"), Err(SendError::NotPublic)),
            (&to("ftp://other.example/"), Err(SendError::Address)),
            (&to("file:///etc/passwd"), Err(SendError::Address)),
            (&to("javascript:alert(1)"), Err(SendError::Address)),
            (&to("http://[::1"), Err(SendError::Redirect)),
            (&to("http://"), Err(SendError::Redirect)),
            (&to("https://other.example:99999/"), Err(SendError::Redirect)),
        ] {
            receiver.forget();
            let answer = post(&outgoing, &format!("http://shop.example{path}")).await;
            assert_eq!(
                expected,
                answer.as_ref().map(|answer| answer.excerpt.as_str()).map_err(|error| *error),
                "{path}"
            );
            let heard = receiver.heard();
            assert!(heard.len() <= 6 && heard.iter().all(|heard| is_shop(heard.to)), "{path}: {heard:?}");
            for heard in heard.iter().filter(|heard| heard.to.to_string() != SHOP) {
                let head = heard.head.to_ascii_lowercase();
                let says = |word: &str| head.contains(word);
                assert!(head.starts_with("get ") && heard.body.is_empty(), "{path}: {heard:?}");
                assert!(!says("signature") && !says("signed") && !says("content-"), "{path}: {heard:?}");
            }
        }
    });
}
