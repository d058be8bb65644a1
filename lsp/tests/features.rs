//! What the features show, against golden files. `UPDATE_EXPECT=1` writes them anew.

use std::sync::Arc;

use expect_test::expect_file;
use tailscope_bytecode::opcode::Opcode;
use tailscope_formats::history::BranchHistory;
use tailscope_formats::profile::{InstructionProfile, Profile};
use tailscope_lsp::analysis::{Analysis, Instruction, State};
use tailscope_lsp::hints::hints;
use tailscope_lsp::hover::hover;
use tailscope_lsp::lens::lenses;
use tailscope_lsp::listing::listing;
use tailscope_lsp::overlay::Overlay;
use tailscope_lsp::text::{Place, Text};
use tailscope_lsp::view::View;

const SOURCE: &str = "\
def sieve(n):
    found = []
    for i in range(2, n):
        if all(i % p for p in found):
            found.append(i)
    return found

class Box:
    def get(self): return self.value if self is not None else None

print(sieve(30))
";

/// The state after each of these texts, one after the other.
fn state(texts: &[&str]) -> State {
    texts.iter().fold(State::default(), |before, text| {
        State::after(
            &before,
            Arc::new(Text::new((*text).into())),
            "/src/primes.py",
        )
    })
}

/// A made-up run of `sieve`: what its instructions did.
fn ran(instruction: &Instruction) -> InstructionProfile {
    let mut profile = InstructionProfile {
        offset: instruction.offset,
        opcode: instruction.opcode.name().into(),
        executions: 28,
        ..InstructionProfile::default()
    };
    match instruction.opcode {
        Opcode::RESUME => profile.executions = 1,
        Opcode::FOR_ITER => {
            profile.executions = 29;
            profile.opcode = "FOR_ITER_RANGE".into();
            (profile.hits, profile.misses, profile.deopts) = (27, 2, 1);
            (profile.not_taken, profile.taken) = (28, 1);
        }
        Opcode::POP_JUMP_IF_TRUE | Opcode::POP_JUMP_IF_FALSE => {
            (profile.taken, profile.not_taken) = (18, 10);
            profile.history = Some(BranchHistory(0b1101_1101_0111_0110));
        }
        _ => {}
    }
    profile
}

/// A profile of the module of `SOURCE` and of `sieve`, all instructions of which ran.
fn profile() -> Arc<Profile> {
    let text = Arc::new(Text::new(SOURCE.into()));
    let analysis = Analysis::new(text, "/src/primes.py").expect("compiles");
    let mut profile = Profile::new("primes.py", vec![]);
    profile.recorded_at = "2026-01-31T12:34:56Z".into();
    for function in &analysis.functions {
        if ["<module>", "sieve"].contains(&&*function.code.qualname) {
            let instructions = function.instructions.iter().map(ran).collect();
            profile.add("/src/primes.py", &function.code, instructions);
        }
    }
    Arc::new(profile)
}

fn with_overlay<R>(state: &State, see: impl FnOnce(&View<'_>) -> R) -> R {
    let overlay = Overlay::new(profile(), "/src/primes.py", &state.analysis);
    see(&View {
        state,
        overlay: Some(&overlay),
        profile_problem: None,
    })
}

fn bare(state: &State) -> View<'_> {
    View {
        state,
        overlay: None,
        profile_problem: None,
    }
}

fn hover_text(view: &View<'_>, line: u32, column: u32) -> String {
    match hover(view, Place { line, column }) {
        Some(hover) => format!("{:?}\n{}\n", hover.span, hover.markdown),
        None => "nothing\n".into(),
    }
}

#[test]
fn hover_explains_a_line() {
    let state = state(&[SOURCE]);
    expect_file!["golden/hover_static.md"].assert_eq(&hover_text(&bare(&state), 4, 14));
    let text = with_overlay(&state, |view| hover_text(view, 3, 15));
    expect_file!["golden/hover_profiled.md"].assert_eq(&text);
    let text = with_overlay(&state, |view| hover_text(view, 2, 20));
    expect_file!["golden/hover_loop.md"].assert_eq(&text);
    let text = with_overlay(&state, |view| hover_text(view, 8, 8));
    expect_file!["golden/hover_never_ran.md"].assert_eq(&text);
}

#[test]
fn hover_says_nothing_where_there_is_no_code() {
    let state = state(&[SOURCE]);
    assert_eq!(hover_text(&bare(&state), 6, 0), "nothing\n");
    assert_eq!(hover_text(&bare(&state), 999, 999), "nothing\n");
    assert_eq!(hover_text(&bare(&State::default()), 0, 0), "nothing\n");
}

#[test]
fn hover_inside_an_expression_of_several_lines() {
    let state = state(&["x = f(\n    # why\n    1,\n\n)\n"]);
    assert!(hover_text(&bare(&state), 1, 5).contains("CALL"));
    assert!(hover_text(&bare(&state), 3, 0).contains("CALL"));
}

#[test]
fn a_damaged_profile_is_named_where_numbers_would_be() {
    let state = state(&[SOURCE]);
    let view = View {
        profile_problem: Some("The profile p.json is damaged: x."),
        ..bare(&state)
    };
    assert!(
        hover_text(&view, 4, 14)
            .contains("no profile knows this file. The profile p.json is damaged: x.\n")
    );
}

fn hint_lines(view: &View<'_>) -> String {
    let hints = hints(view, 0, 99);
    let line = |hint: &tailscope_lsp::hints::Hint| {
        format!(
            "{}:{} {}\n    {}\n",
            hint.place.line,
            hint.place.column,
            hint.label,
            hint.tooltip.replace("\n\n", "\n    ")
        )
    };
    hints.iter().map(line).collect()
}

fn lens_lines(view: &View<'_>) -> String {
    lenses(view)
        .iter()
        .map(|lens| format!("{} {}\n", lens.place.line, lens.title))
        .collect()
}

#[test]
fn hints_and_lenses() {
    let state = state(&[SOURCE]);
    assert_eq!(hints(&bare(&state), 0, 99), []);
    let text = with_overlay(&state, |view| {
        assert_eq!(hints(view, 0, 1), []);
        format!("{}\n{}", hint_lines(view), lens_lines(view))
    });
    expect_file!["golden/hints.txt"].assert_eq(&text);
    expect_file!["golden/lenses_static.txt"].assert_eq(&lens_lines(&bare(&state)));
}

#[test]
fn a_comment_keeps_a_profile_fresh_and_an_edit_makes_it_stale() {
    let moved = state(&[&format!("# comment\n\n{SOURCE}")]);
    with_overlay(&moved, |view| {
        assert!(hints(view, 0, 99).iter().all(|hint| !hint.stale));
        assert_eq!(hints(view, 0, 99).len(), 2);
    });
    let edited = state(&[&SOURCE.replace("found = []", "found = [2]")]);
    let text = with_overlay(&edited, |view| {
        assert!(hints(view, 0, 99).iter().all(|hint| hint.stale));
        format!(
            "{}\n{}\n{}",
            hint_lines(view),
            lens_lines(view),
            hover_text(view, 2, 20)
        )
    });
    expect_file!["golden/stale.txt"].assert_eq(&text);
}

#[test]
fn a_syntax_error_keeps_the_last_good_analysis_at_its_lines() {
    let broken = SOURCE.replace("    return found\n", "    return found +\n\n");
    let state = state(&[SOURCE, &broken]);
    assert!(state.is_outdated());
    let problem = &state.problems[0];
    assert_eq!(problem.message, "SyntaxError: invalid syntax");
    assert_eq!(problem.span.start.line, 5);
    let text = with_overlay(&state, |view| {
        let lines: Vec<u32> = hints(view, 0, 99)
            .iter()
            .map(|hint| hint.place.line)
            .collect();
        assert_eq!(lines, [2, 3]);
        assert_eq!(
            hover_text(view, 5, 8),
            "nothing\n",
            "a line that has changed"
        );
        // The class has moved down by one line.
        hover_text(view, 9, 8)
    });
    assert!(
        text.starts_with("Some(Span { start: Place { line: 9,"),
        "{text}"
    );
    assert!(
        text.contains("⚠ *The file does not compile as it is."),
        "{text}"
    );
    let first = self::state(&["def f(:\n"]);
    assert_eq!(
        (first.problems.len(), first.analysis.functions.len()),
        (1, 0)
    );
}

#[test]
fn warnings_of_the_compiler_are_shown() {
    let state = state(&["x = 1 is 1\n"]);
    assert!(!state.is_outdated());
    assert_eq!(state.problems.len(), 1);
    assert!(
        state.problems[0]
            .message
            .starts_with("SyntaxWarning: \"is\" with 'int' literal")
    );
}

#[test]
fn the_listing_is_linked_with_the_source() {
    let state = state(&[SOURCE]);
    let listing = with_overlay(&state, |view| listing(view, "primes.py"));
    assert_eq!(listing.text.lines().count(), listing.lines.len());
    let row = listing.row_of(4).expect("a row") as usize;
    assert_eq!(
        listing.text.lines().nth(row),
        Some("    5 │ found.append(i)")
    );
    expect_file!["golden/listing.txt"].assert_eq(&listing.text);
}

#[test]
fn any_text_at_all_is_taken() {
    for text in [
        "",
        "\0",
        "\u{feff}x = 1\n",
        "x = '\u{1F600}' if y else 2\r\n",
        "\r\r\r",
        "((((",
        "é = 1\n\x0c\n",
    ] {
        let state = state(&[SOURCE, text]);
        with_overlay(&state, |view| {
            for line in 0..14 {
                for column in [0, 5, 99] {
                    hover(view, Place { line, column });
                }
            }
            hints(view, 0, u32::MAX);
            lenses(view);
            tailscope_lsp::listing::listing(view, "x.py");
        });
    }
}
