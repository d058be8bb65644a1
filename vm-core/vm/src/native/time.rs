//! The module `time`.

use std::ffi::{CStr, CString};

use crate::error::{PyResult, Raised};
use crate::host::Clock;
use crate::import::os_error;
use crate::native::structseq::{self, FROM_SEQUENCE, struct_sequence};
use crate::native::sys::c_int;
use crate::native::{ModuleDef, add};
use crate::protocol::{call, number};
use crate::shape;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::types::{float, int, namespace};
use crate::value::{Ref, Value};
use crate::vm::Vm;
use crate::{host, runtime, threads};

struct_sequence! {
    /// Type of broken-down times.
    STRUCT_TIME, "time.struct_time", "The time value as returned by gmtime(), localtime(), and strptime(), and\n accepted by asctime(), mktime() and strftime().  May be considered as a\n sequence of 9 integers.\n\n Note that several fields' values are not the same as those defined by\n the C language standard for struct tm.  For example, the value of the\n field tm_year is the actual year, not year - 1900.  See individual\n fields' descriptions for details.", 9 of 11, FROM_SEQUENCE, [
        0 tm_year "year, for example, 1993";
        1 tm_mon "month of year, range [1, 12]";
        2 tm_mday "day of month, range [1, 31]";
        3 tm_hour "hours, range [0, 23]";
        4 tm_min "minutes, range [0, 59]";
        5 tm_sec "seconds, range [0, 61])";
        6 tm_wday "day of week, range [0, 6], Monday is 0";
        7 tm_yday "day of year, range [1, 366]";
        8 tm_isdst "1 if summer time is in effect, 0 if not, and -1 if unknown";
        9 tm_zone "abbreviation of timezone name";
        10 tm_gmtoff "offset from UTC in seconds";
    ]
}

/// How a float of seconds becomes whole units.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Round {
    Floor,
    Ceiling,
    HalfEven,
    /// Away from zero: never wait shorter than asked.
    Timeout,
}

impl Round {
    fn apply(self, x: f64) -> f64 {
        match self {
            Round::Floor => x.floor(),
            Round::Ceiling => x.ceil(),
            Round::HalfEven => x.round_ties_even(),
            Round::Timeout => if x >= 0.0 { x.ceil() } else { x.floor() },
        }
    }
}

/// Seconds as a float: whole seconds stay exact.
pub fn seconds(ns: i64) -> f64 {
    if ns % 1_000_000_000 == 0 { (ns / 1_000_000_000) as f64 } else { ns as f64 / 1e9 }
}

/// Seconds (an int or float object) as nanoseconds.
///
/// # Errors
/// ValueError for NaN, OverflowError for what does not fit 64 bits.
pub fn nanoseconds(vm: &Vm, v: Value, round: Round) -> PyResult<i64> {
    let too_large = || vm.overflow_error("timestamp too large to convert to C PyTime_t");
    if let Some(f) = float::value_of(v) {
        if f.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        let ns = round.apply(f * 1e9);
        if !(-9.223_372_036_854_775e18..=9.223_372_036_854_775e18).contains(&ns) {
            return Err(too_large());
        }
        return Ok(ns as i64);
    }
    if !number::has_index(vm, v) {
        return Err(vm.type_error(format!(
            "'{}' object cannot be interpreted as an integer or float",
            vm.type_of(v).full_name()
        )));
    }
    let i = number::index(vm, v)?;
    int::to_i64(i.value()).and_then(|s| s.checked_mul(1_000_000_000)).ok_or_else(too_large)
}

/// Seconds since 1970 (an int or float object) as a `time_t`, rounded down.
fn time_t(vm: &Vm, v: Value) -> PyResult<i64> {
    let out_of_range = || vm.overflow_error("timestamp out of range for platform time_t");
    if let Some(f) = float::value_of(v) {
        if f.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        let s = f.floor();
        if !(-9.223_372_036_854_775e18..=9.223_372_036_854_775e18).contains(&s) {
            return Err(out_of_range());
        }
        return Ok(s as i64);
    }
    let i = number::index(vm, v)?;
    int::to_i64(i.value()).ok_or_else(out_of_range)
}

fn read_clock(vm: &Vm, clock: Clock) -> PyResult<i64> {
    clock.now().map_err(|e| os_error(vm, &e, None))
}

macro_rules! clocks {
    ($($seconds:ident $ns:ident $clock:expr;)*) => {
        $(
            fn $seconds(vm: &Vm, _: &[Value]) -> PyResult {
                Ok(vm.new_float(seconds(read_clock(vm, $clock)?)))
            }
            fn $ns(vm: &Vm, _: &[Value]) -> PyResult {
                Ok(vm.new_int(read_clock(vm, $clock)?))
            }
        )*
    };
}
clocks! {
    time time_ns Clock::REALTIME;
    monotonic monotonic_ns Clock::MONOTONIC;
    process_time process_time_ns Clock::PROCESS;
    thread_time thread_time_ns Clock::THREAD;
}

fn clock_gettime(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_float(seconds(read_clock(vm, Clock(c_int(vm, a[0])?))?)))
}

fn clock_gettime_ns(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_int(read_clock(vm, Clock(c_int(vm, a[0])?))?))
}

fn clock_getres(vm: &Vm, a: &[Value]) -> PyResult {
    match Clock(c_int(vm, a[0])?).resolution() {
        Ok(ns) => Ok(vm.new_float(seconds(ns))),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn set_clock(vm: &Vm, clock: Value, ns: i64) -> PyResult {
    let t = libc::timespec { tv_sec: ns.div_euclid(1_000_000_000), tv_nsec: ns.rem_euclid(1_000_000_000) };
    // SAFETY: a valid timespec.
    match host::check(unsafe { libc::clock_settime(c_int(vm, clock)?, &t) }) {
        Ok(_) => Ok(vm.none_ref()),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn clock_settime(vm: &Vm, a: &[Value]) -> PyResult {
    set_clock(vm, a[0], nanoseconds(vm, a[1], Round::Floor)?)
}

fn clock_settime_ns(vm: &Vm, a: &[Value]) -> PyResult {
    set_clock(vm, a[0], number::size_i64(vm, a[1])?)
}

fn get_clock_info(vm: &Vm, a: &[Value]) -> PyResult {
    let name = crate::types::str_::expect(vm, a[0], "get_clock_info() argument 1")?.to_string_lossy();
    let (clock, id, monotonic) = match name.as_str() {
        "time" => (Clock::REALTIME, "CLOCK_REALTIME", false),
        "monotonic" | "perf_counter" => (Clock::MONOTONIC, "CLOCK_MONOTONIC", true),
        "process_time" => (Clock::PROCESS, "CLOCK_PROCESS_CPUTIME_ID", true),
        "thread_time" => (Clock::THREAD, "CLOCK_THREAD_CPUTIME_ID", true),
        _ => return Err(vm.value_error("unknown clock")),
    };
    let resolution = clock.resolution().map_err(|e| os_error(vm, &e, None))?;
    let ns = namespace::new(vm);
    let d = namespace::dict(vm, ns.value());
    d.set_text(vm, "implementation", vm.new_str(&format!("clock_gettime({id})")).value());
    d.set_text(vm, "monotonic", vm.bool(monotonic));
    d.set_text(vm, "adjustable", vm.bool(name == "time"));
    d.set_text(vm, "resolution", vm.new_float(seconds(resolution)).value());
    Ok(ns)
}

fn sleep(vm: &Vm, a: &[Value]) -> PyResult {
    let ns = nanoseconds(vm, a[0], Round::Timeout)?;
    if ns < 0 {
        return Err(vm.value_error("sleep length must be non-negative"));
    }
    sleep_ns(vm, ns)?;
    Ok(vm.none_ref())
}

/// Waits, while other threads run; signals are handled meanwhile.
pub fn sleep_ns(vm: &Vm, ns: i64) -> PyResult<()> {
    let deadline = read_clock(vm, Clock::MONOTONIC)?.saturating_add(ns);
    if ns == 0 {
        threads::give_way(vm);
        return runtime::handle_signals(vm);
    }
    threads::wait(vm, Some(deadline), "some time to pass", || false).map(drop)
}

fn zero_tm() -> libc::tm {
    // SAFETY: a tm of zeros (and a null zone) is valid.
    unsafe { std::mem::zeroed() }
}

fn zone_name(tm: &libc::tm) -> String {
    if tm.tm_zone.is_null() {
        return String::new();
    }
    // SAFETY: the C library's zone names are valid C strings.
    unsafe { CStr::from_ptr(tm.tm_zone) }.to_string_lossy().into_owned()
}

/// Broken-down local time, or UTC.
pub fn broken_down(vm: &Vm, t: i64, local: bool) -> PyResult<libc::tm> {
    let mut tm = zero_tm();
    // SAFETY: both pointers are valid.
    let r = unsafe { if local { libc::localtime_r(&t, &mut tm) } else { libc::gmtime_r(&t, &mut tm) } };
    if r.is_null() {
        return Err(vm.overflow_error("timestamp out of range for platform time_t"));
    }
    Ok(tm)
}

fn struct_time(vm: &Vm, tm: &libc::tm, zone: &str) -> Ref {
    let int = |i: i64| vm.new_int(i);
    let items = vec![
        int(tm.tm_year as i64 + 1900),
        int(tm.tm_mon as i64 + 1),
        int(tm.tm_mday as i64),
        int(tm.tm_hour as i64),
        int(tm.tm_min as i64),
        int(tm.tm_sec as i64),
        int((tm.tm_wday as i64 + 6) % 7),
        int(tm.tm_yday as i64 + 1),
        int(tm.tm_isdst as i64),
        vm.new_str(zone),
        int(tm.tm_gmtoff),
    ];
    structseq::make(shape::STRUCT_TIME, 9, items)
}

fn moment(vm: &Vm, v: Value) -> PyResult<i64> {
    match v.non_null().filter(|v| !v.is(vm.none())) {
        Some(v) => time_t(vm, v),
        None => Ok(read_clock(vm, Clock::REALTIME)?.div_euclid(1_000_000_000)),
    }
}

fn gmtime(vm: &Vm, a: &[Value]) -> PyResult {
    let t = moment(vm, a[0])?;
    Ok(struct_time(vm, &broken_down(vm, t, false)?, "UTC"))
}

fn localtime(vm: &Vm, a: &[Value]) -> PyResult {
    let t = moment(vm, a[0])?;
    let tm = broken_down(vm, t, true)?;
    Ok(struct_time(vm, &tm, &zone_name(&tm)))
}

/// A broken-down time from a tuple. The zone's text, if any, is returned with it.
fn from_tuple(vm: &Vm, v: Value, function: &str) -> PyResult<(libc::tm, Option<CString>)> {
    let illegal = || vm.type_error(format!("{function}(): illegal time tuple argument"));
    let Some(t) = v.cast::<PyTuple>() else {
        return Err(vm.type_error("Tuple or struct_time argument required"));
    };
    if t.len() != 9 {
        return Err(illegal());
    }
    let mut n = [0i64; 9];
    for (n, v) in n.iter_mut().zip(t.iter()) {
        *n = c_int(vm, v)? as i64;
    }
    let year = n[0] - 1900;
    let Ok(year) = i32::try_from(year) else { return Err(vm.overflow_error("year out of range")) };
    let mut tm = zero_tm();
    tm.tm_year = year;
    tm.tm_mon = n[1] as i32 - 1;
    tm.tm_mday = n[2] as i32;
    tm.tm_hour = n[3] as i32;
    tm.tm_min = n[4] as i32;
    tm.tm_sec = n[5] as i32;
    tm.tm_wday = ((n[6] + 1) % 7) as i32;
    tm.tm_yday = n[7] as i32 - 1;
    tm.tm_isdst = n[8] as i32;
    let mut zone = None;
    if v.has_shape(shape::STRUCT_TIME) {
        // SAFETY: a struct_time has eleven items.
        let (name, offset) = unsafe { (t.item_unchecked(9), t.item_unchecked(10)) };
        if let Some(s) = name.cast::<PyStr>() {
            zone = CString::new(s.as_bytes()).ok();
        }
        if let Some(o) = int::to_i64(offset) {
            tm.tm_gmtoff = o;
        }
    }
    Ok((tm, zone))
}

/// Checks a broken-down time for `asctime` and `strftime`: zeros stand for the smallest value.
fn check_range(vm: &Vm, tm: &mut libc::tm) -> Result<(), Raised> {
    if tm.tm_mon == -1 {
        tm.tm_mon = 0;
    } else if !(0..=11).contains(&tm.tm_mon) {
        return Err(vm.value_error("month out of range"));
    }
    if tm.tm_mday == 0 {
        tm.tm_mday = 1;
    } else if !(0..=31).contains(&tm.tm_mday) {
        return Err(vm.value_error("day of month out of range"));
    }
    if !(0..=23).contains(&tm.tm_hour) {
        return Err(vm.value_error("hour out of range"));
    }
    if !(0..=59).contains(&tm.tm_min) {
        return Err(vm.value_error("minute out of range"));
    }
    if !(0..=61).contains(&tm.tm_sec) {
        return Err(vm.value_error("seconds out of range"));
    }
    if tm.tm_wday < 0 {
        return Err(vm.value_error("day of week out of range"));
    }
    if tm.tm_yday == -1 {
        tm.tm_yday = 0;
    } else if !(0..=365).contains(&tm.tm_yday) {
        return Err(vm.value_error("day of year out of range"));
    }
    Ok(())
}

fn asctime_text(vm: &Vm, tm: &libc::tm) -> Ref {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    vm.new_str(&format!(
        "{} {}{:3} {:02}:{:02}:{:02} {}",
        DAYS[tm.tm_wday.rem_euclid(7) as usize],
        MONTHS[tm.tm_mon.rem_euclid(12) as usize],
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        tm.tm_year as i64 + 1900
    ))
}

/// The time that an optional tuple tells, or the local time now.
fn tuple_or_now(vm: &Vm, v: Value, function: &str) -> PyResult<(libc::tm, Option<CString>)> {
    match v.non_null() {
        Some(t) => {
            let (mut tm, zone) = from_tuple(vm, t, function)?;
            check_range(vm, &mut tm)?;
            Ok((tm, zone))
        }
        None => Ok((broken_down(vm, moment(vm, Value::NULL)?, true)?, None)),
    }
}

fn asctime(vm: &Vm, a: &[Value]) -> PyResult {
    let (tm, _) = tuple_or_now(vm, a[0], "asctime")?;
    Ok(asctime_text(vm, &tm))
}

fn ctime(vm: &Vm, a: &[Value]) -> PyResult {
    let t = moment(vm, a[0])?;
    Ok(asctime_text(vm, &broken_down(vm, t, true)?))
}

fn mktime(vm: &Vm, a: &[Value]) -> PyResult {
    let (mut tm, _) = from_tuple(vm, a[0], "mktime")?;
    // The C library sets it on success, which tells -1 from an error.
    tm.tm_wday = -1;
    // SAFETY: a valid tm.
    let t = unsafe { libc::mktime(&mut tm) };
    if t == -1 && tm.tm_wday == -1 {
        return Err(vm.overflow_error("mktime argument out of range"));
    }
    Ok(vm.new_float(t as f64))
}

unsafe extern "C" {
    fn strftime(s: *mut libc::c_char, max: usize, format: *const libc::c_char, tm: *const libc::tm) -> usize;
}

/// One format without NUL characters, as the C library writes it.
fn format_part(vm: &Vm, format: &[u8], tm: &libc::tm) -> PyResult<Vec<u8>> {
    if format.is_empty() {
        return Ok(Vec::new());
    }
    let Ok(c) = CString::new(format) else { return Err(vm.value_error("embedded null character")) };
    let mut size = 1024.max(format.len() * 2);
    loop {
        let mut out = vec![0u8; size];
        // SAFETY: the buffer has `size` bytes; format and time are valid.
        let n = unsafe { strftime(out.as_mut_ptr().cast(), size, c.as_ptr(), tm) };
        // 0 is also what an empty result gives: give up once the buffer is far larger than that.
        if n > 0 || size >= 256 * format.len().max(1024) {
            out.truncate(n);
            return Ok(out);
        }
        size *= 2;
    }
}

/// Formats a time as the C library does.
fn format_time(vm: &Vm, a: &[Value]) -> PyResult {
    let format = crate::types::str_::expect(vm, a[0], "strftime() argument 1")?;
    let (mut tm, zone) = tuple_or_now(vm, a[1], "strftime")?;
    if let Some(z) = &zone {
        tm.tm_zone = z.as_ptr().cast_mut().cast();
    }
    // Values from -1 on mean what they say; everything else below counts as true.
    tm.tm_isdst = tm.tm_isdst.clamp(-1, 1);
    let mut out = Vec::new();
    for (i, part) in format.as_bytes().split(|b| *b == 0).enumerate() {
        if i > 0 {
            out.push(0);
        }
        out.extend(format_part(vm, part, &tm)?);
    }
    crate::codecs::decode(vm, &out, "utf-8", "surrogateescape")
}

fn strptime(vm: &Vm, a: &[Value]) -> PyResult {
    let f = runtime::import_attr(vm, "_strptime", "_strptime_time")?;
    let args: Vec<Value> = a.iter().filter_map(|v| v.non_null()).collect();
    call::call_args(vm, f.value(), &args)
}

unsafe extern "C" {
    fn tzset();
}

fn set_zone(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: reads the environment; this VM's thread alone changes it.
    unsafe { tzset() };
    let m = runtime::import(vm, "time")?;
    zone_constants(vm, m.value())?;
    Ok(vm.none_ref())
}

/// `timezone`, `altzone`, `daylight` and `tzname`: what holds in January and in July.
fn zone_constants(vm: &Vm, m: Value) -> PyResult<()> {
    const YEAR: i64 = (365 * 24 + 6) * 3600;
    let start = read_clock(vm, Clock::REALTIME)? / 1_000_000_000 / YEAR * YEAR;
    let at = |t: i64| -> PyResult<(i64, String)> {
        let tm = broken_down(vm, t, true)?;
        Ok((-tm.tm_gmtoff, zone_name(&tm)))
    };
    let (january, january_name) = at(start)?;
    let (july, july_name) = at(start + YEAR / 2)?;
    let (timezone, altzone, names) = if january < july {
        // The southern hemisphere.
        (july, january, [july_name, january_name])
    } else {
        (january, july, [january_name, july_name])
    };
    add(vm, m, "timezone", vm.new_int(timezone).value())?;
    add(vm, m, "altzone", vm.new_int(altzone).value())?;
    add(vm, m, "daylight", vm.new_int((january != july) as i64).value())?;
    let names = PyTuple::from_iter(vm, names.iter().map(|n| vm.new_str(n)));
    add(vm, m, "tzname", names.value())
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, id) in [
        ("CLOCK_REALTIME", libc::CLOCK_REALTIME),
        ("CLOCK_MONOTONIC", libc::CLOCK_MONOTONIC),
        ("CLOCK_MONOTONIC_RAW", libc::CLOCK_MONOTONIC_RAW),
        ("CLOCK_PROCESS_CPUTIME_ID", libc::CLOCK_PROCESS_CPUTIME_ID),
        ("CLOCK_THREAD_CPUTIME_ID", libc::CLOCK_THREAD_CPUTIME_ID),
        ("CLOCK_BOOTTIME", libc::CLOCK_BOOTTIME),
        ("CLOCK_TAI", libc::CLOCK_TAI),
    ] {
        add(vm, m, name, Value::small_int(id as i64))?;
    }
    add(vm, m, "_STRUCT_TM_ITEMS", Value::small_int(11))?;
    add(vm, m, "struct_time", vm.builtin(shape::STRUCT_TIME).value())?;
    zone_constants(vm, m)
}

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "time",
    doc: "This module provides various functions to manipulate time values.\n\n\
          Times are either seconds since 1970 (UTC), ints or floats, or broken-down times:\n\
          tuples of year, month, day, hours, minutes, seconds, weekday, day of the year and\n\
          daylight saving flag (struct_time).",
    functions: &[
        MethodDef::new("time", "()", time, "Return the current time in seconds since the Epoch."),
        MethodDef::new("time_ns", "()", time_ns, "Return the current time in nanoseconds since the Epoch."),
        MethodDef::new("monotonic", "()", monotonic, "Monotonic clock, cannot go backward."),
        MethodDef::new("monotonic_ns", "()", monotonic_ns, "Monotonic clock, cannot go backward, as nanoseconds."),
        MethodDef::new("perf_counter", "()", monotonic, "Performance counter for benchmarking."),
        MethodDef::new("perf_counter_ns", "()", monotonic_ns, "Performance counter for benchmarking as nanoseconds."),
        MethodDef::new("process_time", "()", process_time, "Process time for profiling: sum of the kernel and user-space CPU time."),
        MethodDef::new("process_time_ns", "()", process_time_ns, "Process time for profiling as nanoseconds."),
        MethodDef::new("thread_time", "()", thread_time, "Thread time for profiling: sum of the kernel and user-space CPU time."),
        MethodDef::new("thread_time_ns", "()", thread_time_ns, "Thread time for profiling as nanoseconds."),
        MethodDef::new("clock_gettime", "(clk_id, /)", clock_gettime, "Return the time of the specified clock clk_id as a float."),
        MethodDef::new("clock_gettime_ns", "(clk_id, /)", clock_gettime_ns, "Return the time of the specified clock clk_id as nanoseconds (int)."),
        MethodDef::new("clock_getres", "(clk_id, /)", clock_getres, "Return the resolution (precision) of the specified clock clk_id."),
        MethodDef::new("clock_settime", "(clk_id, time, /)", clock_settime, "Set the time of the specified clock clk_id."),
        MethodDef::new("clock_settime_ns", "(clk_id, time, /)", clock_settime_ns, "Set the time of the specified clock clk_id with nanoseconds."),
        MethodDef::new("get_clock_info", "(name, /)", get_clock_info, "Get information of the specified clock."),
        MethodDef::new("sleep", "(object, /)", sleep, "Delay execution for a given number of seconds."),
        MethodDef::new("gmtime", "(seconds=None, /)", gmtime, "Convert seconds since the Epoch to a time tuple expressing UTC."),
        MethodDef::new("localtime", "(seconds=None, /)", localtime, "Convert seconds since the Epoch to a time tuple expressing local time."),
        MethodDef::new("asctime", "(tuple=None, /)", asctime, "Convert a time tuple to a string, e.g. 'Sat Jun 06 16:26:11 1998'."),
        MethodDef::new("ctime", "(seconds=None, /)", ctime, "Convert a time in seconds since the Epoch to a string in local time."),
        MethodDef::new("mktime", "(object, /)", mktime, "Convert a time tuple in local time to seconds since the Epoch."),
        MethodDef::new("strftime", "(format, tuple=None, /)", format_time, "Convert a time tuple to a string according to a format specification."),
        MethodDef::new("strptime", "(string, format='%a %b %d %H:%M:%S %Y', /)", strptime, "Parse a string to a time tuple according to a format specification."),
        MethodDef::new("tzset", "()", set_zone, "Initialize, or reinitialize, the local timezone to the value stored in\nos.environ['TZ']."),
    ],
    init,
};
