//! This test's own process, looked at from inside: frames, functions, variables of known values.

use std::hint::black_box;

use tailscope_dwarf::{
    Function, Image, Module, Modules, NOT_AVAILABLE, ProcessMemory, REGISTERS, RIP, RSP, Reader, Registers, Types, functions, own_bias, target,
    variables,
};

/// A struct whose fields are known.
#[allow(dead_code)]
#[derive(Clone, Debug)]
struct Known {
    number: u32,
    text: &'static str,
    choice: Choice,
    pair: (i8, f64),
}

#[allow(dead_code)]
#[derive(Clone, Copy, Debug)]
enum Choice {
    Nothing,
    Point { x: i16, y: i16 },
    Byte(u8),
}

struct Seen {
    functions: Vec<Function>,
    variables: Vec<Shown>,
}

/// Name, type, text, parts.
type Shown = (String, String, String, Vec<(String, String)>);

fn own() -> (Types, Modules) {
    let image = Image::own().expect("the test is a file");
    (Types::new(image), Modules(vec![Module::new(image, own_bias(image))]))
}

/// Looks at the frame of the function that calls this.
#[inline(never)]
fn look_at(name: &str) -> Seen {
    let (types, modules) = own();
    let memory = ProcessMemory::own();
    for frame in modules.frames(&memory, Registers::here()) {
        let Some(module) = modules.at(frame.lookup_pc()) else { continue };
        let functions = functions(&types, module, &frame).unwrap_or_default();
        if !functions.iter().any(|f| f.name.ends_with(name)) {
            continue;
        }
        let reader = Reader { types: &types, memory: &memory };
        let all = variables(&types, &memory, module, &frame).expect("it has debug information");
        let variables = all.into_iter().map(|v| {
            let (Some(ty), Ok(content)) = (v.ty, v.content) else {
                return (v.name, v.type_name, NOT_AVAILABLE.to_owned(), Vec::new());
            };
            let parts = reader.children(ty, &content).into_iter();
            let parts = parts.map(|c| (c.name.clone(), reader.show(c.ty, &c.content).text)).collect();
            (v.name, v.type_name, reader.show(ty, &content).text, parts)
        });
        return Seen { functions, variables: variables.collect() };
    }
    panic!("no frame of {name} was found");
}

#[inline(never)]
fn with_known_variables(argument: i64) -> (Seen, Known, Choice, [u16; 3]) {
    let known = black_box(Known { number: 7, text: "seven", choice: Choice::Point { x: -3, y: 4 }, pair: (-1, 0.5) });
    let choice = black_box(Choice::Byte(200));
    let list = black_box([1u16, 2, 3]);
    let seen = look_at("with_known_variables");
    black_box(argument);
    (seen, known.clone(), choice, list)
}

#[test]
fn the_own_stack_is_unwound_to_its_beginning() {
    let (types, modules) = own();
    let memory = ProcessMemory::own();
    let frames = modules.frames(&memory, Registers::here());
    let names: Vec<String> = frames
        .iter()
        .filter_map(|f| Some((modules.at(f.lookup_pc())?, f)))
        .flat_map(|(m, f)| functions(&types, m, f).unwrap_or_default())
        .map(|f| f.name)
        .collect();
    assert!(names.iter().any(|n| n.ends_with("the_own_stack_is_unwound_to_its_beginning")), "{names:?}");
    assert!(names.iter().any(|n| n.contains("thread") && n.contains("std::")), "{names:?}");
}

/// A build with optimization or without types has nothing to compare.
fn has_variables() -> bool {
    let without = !cfg!(debug_assertions);
    if without {
        eprintln!("skipped: this build is optimized, and its variables need not be anywhere");
    }
    !without
}

#[test]
fn variables_have_their_values() {
    let (seen, ..) = with_known_variables(-5);
    let function = seen.functions.first().expect("it has a function");
    let place = function.place.as_ref().expect("it has a line");
    assert!(place.file.ends_with("own.rs") && place.line > 60, "{place:?}");
    if !has_variables() {
        return;
    }
    let of = |name: &str| seen.variables.iter().find(|v| v.0 == name).unwrap_or_else(|| panic!("{name}: {:?}", seen.variables));
    assert_eq!((of("argument").1.as_str(), of("argument").2.as_str()), ("i64", "-5"));
    assert_eq!(of("choice").2, "Byte(200)");
    assert_eq!(of("list").2, "[1, 2, 3]");
    let known = of("known");
    assert_eq!(known.1, "Known");
    let parts: Vec<(&str, &str)> = known.3.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    for part in [("number", "7"), ("text", "\"seven\""), ("choice", "Point { x: -3, y: 4 }"), ("pair", "(-1, 0.5)")] {
        assert!(parts.contains(&part), "{part:?} of {parts:?}");
    }
}

/// What makes no sense is an error, whatever it is.
#[test]
fn garbage_is_no_panic() {
    let (types, modules) = own();
    let memory = ProcessMemory::own();
    let garbage: Vec<u64> = (0..4096u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    let start = garbage.as_ptr() as u64;
    let module = modules.0[0];
    for seed in 0..500u64 {
        let mut r = Registers::default();
        for number in 0..REGISTERS as u16 {
            let word = (seed + 1).wrapping_mul(u64::from(number) + 3).wrapping_mul(0xD134_2543_DE82_EF95);
            r.set(number, (word % 7 != 0).then_some(if word % 3 == 0 { start + word % 4000 * 8 } else { word }));
        }
        r.set(RSP, Some(start + seed * 8));
        r.set(RIP, Some(module.start + seed.wrapping_mul(0x1234_5671) % (module.end - module.start)));
        for frame in modules.walk(&memory, r, 50, |_| false) {
            let reader = Reader { types: &types, memory: &memory };
            for v in variables(&types, &memory, &module, &frame).unwrap_or_default() {
                if let (Some(ty), Ok(content)) = (v.ty, v.content) {
                    let shown = reader.show(ty, &content);
                    assert!(shown.text.chars().count() <= 300, "{}", shown.text);
                    for c in reader.children(ty, &content).into_iter().take(50) {
                        reader.show(c.ty, &c.content);
                    }
                }
            }
        }
    }
}

#[test]
fn files_that_are_no_binaries_are_refused_with_a_sentence() {
    let folder = std::env::temp_dir().join(format!("tailscope-dwarf-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let file = folder.join("x");
    for bytes in [&b""[..], b"hello", &[0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 62, 0], &[0; 5000]] {
        std::fs::write(&file, bytes).expect("a file can be written");
        let image = Image::open(&file).map(|_| ()).expect_err("it is no binary");
        assert!(image.0.contains(&file.display().to_string()), "{image}");
        let core = target::Target::core(&file, None).map(|_| ()).expect_err("it is no core file");
        assert!(core.0.contains("core file") || core.0.contains("cannot be read") || core.0.contains("cut off"), "{core}");
    }
    assert!(Image::open(&folder.join("nothing")).is_err());
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}
