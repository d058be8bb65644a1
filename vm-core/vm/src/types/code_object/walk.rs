//! What goes over the instructions of a code object: lines, positions, branches.

use tailscope_bytecode::dis::raw_instructions;
use tailscope_bytecode::opcode::Opcode;

use super::this;
use crate::error::PyResult;
use crate::interp::breakpoint;
use crate::ops::internal;
use crate::protocol::iter;
use crate::runtime;
use crate::shape;
use crate::types::bytes;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An iterator over tuples.
fn iterator(vm: &Vm, tuples: Vec<Ref>) -> PyResult {
    iter::get_iter(vm, PyTuple::from_vec(vm, tuples).value())
}

fn small(i: usize) -> Ref {
    Ref::small_int(i as i64)
}

/// `co_positions()`: a tuple of four for each code unit.
pub(super) fn positions(vm: &Vm, a: &[Value]) -> PyResult {
    let part = |p: Option<i32>| p.map_or(vm.none_ref(), |p| Ref::small_int(p.into()));
    let all = this(a[0])
        .positions()
        .iter()
        .map(|p| PyTuple::from_vec(vm, vec![part(p.line), part(p.end_line), part(p.column), part(p.end_column)]))
        .collect();
    iterator(vm, all)
}

/// `co_lines()`: start, end (in bytes) and line of each run of code units.
pub(super) fn lines(vm: &Vm, a: &[Value]) -> PyResult {
    let mut out: Vec<(usize, usize, Option<i32>)> = Vec::new();
    for (i, p) in this(a[0]).positions().iter().enumerate() {
        match out.last_mut() {
            Some((_, end, line)) if *line == p.line => *end = 2 * i + 2,
            _ => out.push((2 * i, 2 * i + 2, p.line)),
        }
    }
    let tuples = out
        .into_iter()
        .map(|(s, e, l)| {
            let line = l.map_or(vm.none_ref(), |l| Ref::small_int(l.into()));
            PyTuple::from_vec(vm, vec![small(s), small(e), line])
        })
        .collect();
    iterator(vm, tuples)
}

/// `co_branches()`: each branch, where it goes on to the left (not taken, another item) and to
/// the right, as `sys.monitoring` tells it.
pub(super) fn branches(vm: &Vm, a: &[Value]) -> PyResult {
    let mut tuples = Vec::new();
    for raw in raw_instructions(&this(a[0]).code.code) {
        let next = raw.offset + 2 + 2 * raw.base.cache_units();
        let Some(target) = raw.jump_target() else { continue };
        let (from, left, right) = match raw.base {
            Opcode::POP_JUMP_IF_FALSE
            | Opcode::POP_JUMP_IF_TRUE
            | Opcode::POP_JUMP_IF_NONE
            | Opcode::POP_JUMP_IF_NOT_NONE => (raw.offset, next + 2, target),
            // Behind END_FOR and POP_ITER.
            Opcode::FOR_ITER => (raw.offset, next, target + 4),
            // The jump leads to the loop's END_SEND.
            Opcode::END_ASYNC_FOR => (target, target + 4, next),
            _ => continue,
        };
        tuples.push(PyTuple::from_vec(vm, vec![small(from), small(left), small(right)]));
    }
    iterator(vm, tuples)
}

/// `_co_code_adaptive`: the code units as they run now, in CPython's opcodes.
pub(super) fn adaptive(vm: &Vm, v: Value) -> PyResult {
    let c = this(v);
    let mut units: Vec<u8> = (0..c.len()).flat_map(|i| c.unit(i).to_le_bytes()).collect();
    for raw in raw_instructions(&c.code.code) {
        // SAFETY: the code units are as many as were compiled.
        let opcode = unsafe { breakpoint::opcode_at(c, c.entry().add(raw.offset / 2)) };
        units[raw.offset] = internal::public(opcode);
    }
    Ok(bytes::new(vm, &units))
}

/// `co_lnotab`: pairs of a distance in bytes and one in lines.
pub(super) fn lnotab(vm: &Vm, v: Value) -> PyResult {
    runtime::warn(vm, shape::DEPRECATION_WARNING, "co_lnotab is deprecated, use co_lines instead.", 1)?;
    let c = this(v);
    let mut table = Vec::new();
    let (mut at, mut line) = (0, c.code.firstlineno);
    for (i, p) in c.positions().iter().enumerate() {
        let Some(here) = p.line.filter(|l| *l != line) else { continue };
        add_delta(&mut table, 2 * i - at, here - line);
        (at, line) = (2 * i, here);
    }
    Ok(bytes::new(vm, &table))
}

/// Writes one step of the table, in as many pairs as it takes.
fn add_delta(table: &mut Vec<u8>, bytes: usize, lines: i32) {
    let (mut bytes, mut lines) = (bytes, lines);
    while bytes > 255 {
        table.extend([255, 0]);
        bytes -= 255;
    }
    while !(-128..=127).contains(&lines) {
        let part = lines.clamp(-128, 127);
        table.extend([bytes as u8, part as i8 as u8]);
        bytes = 0;
        lines -= part;
    }
    table.extend([bytes as u8, lines as i8 as u8]);
}
