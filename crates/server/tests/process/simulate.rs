//! `tollgate simulate`: a few seeds of the simulation that a release runs by the hundred thousand.

use crate::gateway::Place;

fn simulate(arguments: &[&str]) -> (i32, String) {
    let (code, out, err) = Place::new().run(&[&["simulate"], arguments].concat(), &[]);
    (code, out + &err)
}

/// The number before these words.
fn count(text: &str, words: &str) -> u64 {
    let (before, _) = text.split_once(words).unwrap_or_else(|| panic!("no {words}: {text}"));
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn every_book_agrees_whatever_goes_wrong() {
    let (code, text) = simulate(&["--seeds", "24", "--operations", "200", "--replay", "8"]);
    assert_eq!(0, code, "{text}");
    let text = text.lines().last().unwrap();
    assert!(text.ends_with(": every book agrees"), "{text}");
    let counts = [" seeds", " payments", " deaths of the gateway", " other faults"].map(|words| count(text, words));
    assert_eq!(24, counts[0]);
    assert!(counts[1] > 1_000 && counts[2] > 30 && counts[3] > 300, "hardly anything went wrong: {text}");
}

#[test]
fn the_same_seed_is_the_same_story() {
    let traced = |seed| simulate(&["--from", seed, "--operations", "80", "--trace"]).1;
    let story = traced("11");
    assert!(story.lines().count() > 200, "{story}");
    assert_eq!(story, traced("11"));
    assert_ne!(story, traced("12"));
}
