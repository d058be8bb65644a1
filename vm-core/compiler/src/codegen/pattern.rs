//! `match` statements (PEP 634).
//!
//! The code of a pattern takes its subject from the top of the stack and jumps away if it
//! does not match. Names are bound only when the whole pattern has matched: until then
//! captured values wait on the stack, below everything that the rest of the pattern needs.

use ruff_python_ast::{
    CmpOp, Expr, ExprContext, Identifier, Operator, Pattern, PatternMatchAs, PatternMatchClass,
    PatternMatchMapping, PatternMatchOr, PatternMatchSequence, PatternMatchSingleton,
    PatternMatchValue, Singleton, StmtMatch,
};
use tailscope_bytecode::code::Const;
use tailscope_bytecode::opcode::Opcode;

use super::collection::{UnpackError, unpack_oparg};
use super::expr::with_stack;
use super::{Codegen, Result, unparse};
use crate::instr::{Label, Loc};
use crate::preprocess::pattern_constant;

/// State of the pattern of one `case`, or of one alternative in it.
#[derive(Clone, Default)]
struct PatternContext<'a> {
    /// Captured names, in the order of their values on the stack, the first lowest.
    stores: Vec<&'a str>,
    /// Whether a pattern that always matches may stand here.
    allow_irrefutable: bool,
    /// Where to go on failure: entry `n` pops `n` values first.
    fail_pop: Vec<Label>,
    /// How many values on the stack, above the captured ones, the pattern still needs.
    on_top: usize,
}

fn is_wildcard(p: &Pattern) -> bool {
    matches!(p, Pattern::MatchAs(p) if p.name.is_none())
}

impl<'a> Codegen<'a> {
    pub(super) fn visit_match(&mut self, s: &'a StmtMatch) -> Result<()> {
        self.visit_expr(&s.subject)?;
        let end = self.new_label();
        let Some((last, init)) = s.cases.split_last() else {
            return Ok(());
        };
        let has_default = is_wildcard(&last.pattern) && !init.is_empty();
        let tested = if has_default { init } else { &s.cases[..] };
        for (i, case) in tested.iter().enumerate() {
            let loc = self.loc(&case.pattern);
            let is_last_test = i + 1 == tested.len();
            if !is_last_test {
                self.emit_i(loc, Opcode::COPY, 1);
            }
            let mut pc = PatternContext {
                allow_irrefutable: case.guard.is_some() || i + 1 == s.cases.len(),
                ..PatternContext::default()
            };
            self.pattern(&case.pattern, &mut pc)?;
            for name in &pc.stores {
                self.nameop(loc, name, ExprContext::Store);
            }
            if let Some(guard) = &case.guard {
                self.ensure_fail_pop(&mut pc, 0);
                self.jump_if(guard, pc.fail_pop[0], false)?;
            }
            if !is_last_test {
                // On the line of what comes next, which is where the branch leads.
                self.emit(Loc::NEXT, Opcode::POP_TOP);
            }
            self.visit_stmts(&case.body)?;
            self.emit_jump(Loc::NONE, Opcode::JUMP, end);
            self.emit_fail_pop(loc, &mut pc);
        }
        if has_default {
            // For the line: a wildcard needs no code.
            let loc = self.loc(&last.pattern);
            self.emit(loc, Opcode::NOP);
            if let Some(guard) = &last.guard {
                self.jump_if(guard, end, false)?;
            }
            self.visit_stmts(&last.body)?;
        }
        self.place(end);
        Ok(())
    }

    fn pattern(&mut self, p: &'a Pattern, pc: &mut PatternContext<'a>) -> Result<()> {
        let loc = self.loc(p);
        with_stack(|| match p {
            Pattern::MatchValue(p) => self.value_pattern(loc, p, pc),
            Pattern::MatchSingleton(p) => {
                self.singleton_pattern(loc, p, pc);
                Ok(())
            }
            Pattern::MatchSequence(p) => self.sequence_pattern(loc, p, pc),
            Pattern::MatchMapping(p) => self.mapping_pattern(loc, p, pc),
            Pattern::MatchClass(p) => self.class_pattern(loc, p, pc),
            Pattern::MatchStar(p) => self.capture(loc, p.name.as_ref(), pc),
            Pattern::MatchAs(p) => self.as_pattern(loc, p, pc),
            Pattern::MatchOr(p) => self.or_pattern(loc, p, pc),
        })
    }

    /// A pattern inside of another, which may match anything.
    fn subpattern(&mut self, p: &'a Pattern, pc: &mut PatternContext<'a>) -> Result<()> {
        let saved = std::mem::replace(&mut pc.allow_irrefutable, true);
        self.pattern(p, pc)?;
        pc.allow_irrefutable = saved;
        Ok(())
    }

    fn value_pattern(
        &mut self,
        loc: Loc,
        p: &'a PatternMatchValue,
        pc: &mut PatternContext<'a>,
    ) -> Result<()> {
        if let Some(value) = self.pattern_value(&p.value) {
            let value_loc = self.loc(&*p.value);
            self.emit_const(value_loc, value);
        } else if p.value.is_attribute_expr() {
            self.visit_expr(&p.value)?;
        } else {
            return self.error(
                loc,
                "patterns may only match literals and attribute lookups",
            );
        }
        self.emit_compare(loc, CmpOp::Eq);
        self.emit(loc, Opcode::TO_BOOL);
        self.jump_to_fail_pop(loc, Opcode::POP_JUMP_IF_FALSE, pc);
        Ok(())
    }

    /// The constant that a value pattern or a mapping pattern's key is.
    fn pattern_value(&self, e: &Expr) -> Option<Const> {
        self.constant(e).or_else(|| pattern_constant(e))
    }

    fn singleton_pattern(
        &mut self,
        loc: Loc,
        p: &PatternMatchSingleton,
        pc: &mut PatternContext<'a>,
    ) {
        let value = match p.value {
            Singleton::None => Const::None,
            Singleton::True => Const::True,
            Singleton::False => Const::False,
        };
        self.emit_const(loc, value);
        self.emit_compare(loc, CmpOp::Is);
        self.jump_to_fail_pop(loc, Opcode::POP_JUMP_IF_FALSE, pc);
    }

    fn as_pattern(
        &mut self,
        loc: Loc,
        p: &'a PatternMatchAs,
        pc: &mut PatternContext<'a>,
    ) -> Result<()> {
        if let Some(pattern) = &p.pattern {
            // A copy of the subject is what the name will be bound to.
            pc.on_top += 1;
            self.emit_i(loc, Opcode::COPY, 1);
            self.pattern(pattern, pc)?;
            pc.on_top -= 1;
        } else if !pc.allow_irrefutable {
            let what = match &p.name {
                Some(name) => format!("name capture '{name}'"),
                None => "wildcard".to_owned(),
            };
            return self.error(loc, format!("{what} makes remaining patterns unreachable"));
        }
        self.capture(loc, p.name.as_ref(), pc)
    }
}

/// Captures and failures.
impl<'a> Codegen<'a> {
    /// Makes labels so that up to `pops` values can be popped on failure.
    fn ensure_fail_pop(&mut self, pc: &mut PatternContext<'a>, pops: usize) {
        while pc.fail_pop.len() <= pops {
            let label = self.new_label();
            pc.fail_pop.push(label);
        }
    }

    /// Jumps to where all values of the pattern are popped.
    fn jump_to_fail_pop(&mut self, loc: Loc, op: Opcode, pc: &mut PatternContext<'a>) {
        let pops = pc.on_top + pc.stores.len();
        self.ensure_fail_pop(pc, pops);
        self.emit_jump(loc, op, pc.fail_pop[pops]);
    }

    /// Emits what pops the values of a failed pattern; each entry falls through to the next.
    fn emit_fail_pop(&mut self, loc: Loc, pc: &mut PatternContext<'a>) {
        while let Some(label) = pc.fail_pop.pop() {
            self.place(label);
            if !pc.fail_pop.is_empty() {
                self.emit(loc, Opcode::POP_TOP);
            }
        }
    }

    /// Moves the value on top of the stack below `count - 1` others.
    fn rotate(&mut self, loc: Loc, count: usize) {
        for depth in (2..=count).rev() {
            self.emit_i(loc, Opcode::SWAP, depth as u32);
        }
    }

    /// Puts the subject aside for `name`, or drops it.
    fn capture(
        &mut self,
        loc: Loc,
        name: Option<&'a Identifier>,
        pc: &mut PatternContext<'a>,
    ) -> Result<()> {
        let Some(name) = name else {
            self.emit(loc, Opcode::POP_TOP);
            return Ok(());
        };
        self.check_new_capture(loc, name, pc)?;
        self.rotate(loc, pc.on_top + pc.stores.len() + 1);
        pc.stores.push(name);
        Ok(())
    }

    fn check_new_capture(&self, loc: Loc, name: &str, pc: &PatternContext<'a>) -> Result<()> {
        if pc.stores.contains(&name) {
            let msg = format!("multiple assignments to name '{name}' in pattern");
            return self.error(loc, msg);
        }
        Ok(())
    }
}

/// Sequences.
impl<'a> Codegen<'a> {
    fn sequence_pattern(
        &mut self,
        loc: Loc,
        p: &'a PatternMatchSequence,
        pc: &mut PatternContext<'a>,
    ) -> Result<()> {
        let size = p.patterns.len();
        let mut star = None;
        let mut only_wildcards = true;
        let mut star_is_wildcard = false;
        for (i, pattern) in p.patterns.iter().enumerate() {
            if let Pattern::MatchStar(starred) = pattern {
                if star.is_some() {
                    return self.error(loc, "multiple starred names in sequence pattern");
                }
                star = Some(i);
                star_is_wildcard = starred.name.is_none();
                only_wildcards &= star_is_wildcard;
            } else {
                only_wildcards &= is_wildcard(pattern);
            }
        }
        pc.on_top += 1;
        self.emit(loc, Opcode::MATCH_SEQUENCE);
        self.jump_to_fail_pop(loc, Opcode::POP_JUMP_IF_FALSE, pc);
        match star {
            None => self.length_check(loc, CmpOp::Eq, size, pc),
            Some(_) if size > 1 => self.length_check(loc, CmpOp::GtE, size - 1, pc),
            Some(_) => {}
        }
        pc.on_top -= 1;
        match star {
            _ if only_wildcards => {
                self.emit(loc, Opcode::POP_TOP);
                Ok(())
            }
            Some(star) if star_is_wildcard => self.sequence_subscript(loc, p, star, pc),
            _ => self.sequence_unpack(loc, p, pc),
        }
    }

    fn length_check(&mut self, loc: Loc, op: CmpOp, size: usize, pc: &mut PatternContext<'a>) {
        self.emit(loc, Opcode::GET_LEN);
        self.emit_const(loc, Const::Int(size.into()));
        self.emit_compare(loc, op);
        self.jump_to_fail_pop(loc, Opcode::POP_JUMP_IF_FALSE, pc);
    }

    fn sequence_unpack(
        &mut self,
        loc: Loc,
        p: &'a PatternMatchSequence,
        pc: &mut PatternContext<'a>,
    ) -> Result<()> {
        let size = p.patterns.len();
        match unpack_oparg(p.patterns.iter().map(Pattern::is_match_star)) {
            Ok(None) => self.emit_i(loc, Opcode::UNPACK_SEQUENCE, size as u32),
            Ok(Some(oparg)) => self.emit_i(loc, Opcode::UNPACK_EX, oparg),
            Err(UnpackError::TooMany) => {
                let msg = "too many expressions in star-unpacking sequence pattern";
                return self.error(loc, msg);
            }
            Err(UnpackError::TwoStars) => {
                return self.error(loc, "multiple starred expressions in sequence pattern");
            }
        }
        pc.on_top += size;
        for pattern in &p.patterns {
            pc.on_top -= 1;
            self.subpattern(pattern, pc)?;
        }
        Ok(())
    }

    /// Takes items by index where the starred rest is not wanted.
    fn sequence_subscript(
        &mut self,
        loc: Loc,
        p: &'a PatternMatchSequence,
        star: usize,
        pc: &mut PatternContext<'a>,
    ) -> Result<()> {
        pc.on_top += 1;
        for (i, pattern) in p.patterns.iter().enumerate() {
            if i == star || is_wildcard(pattern) {
                continue;
            }
            self.emit_i(loc, Opcode::COPY, 1);
            if i < star {
                self.emit_const(loc, Const::Int(i.into()));
            } else {
                // Not every sequence understands negative indices.
                self.emit(loc, Opcode::GET_LEN);
                self.emit_const(loc, Const::Int((p.patterns.len() - i).into()));
                self.emit_binary(loc, Operator::Sub);
            }
            self.emit_subscript(loc);
            self.subpattern(pattern, pc)?;
        }
        pc.on_top -= 1;
        self.emit(loc, Opcode::POP_TOP);
        Ok(())
    }
}

/// Mappings and classes.
impl<'a> Codegen<'a> {
    fn mapping_pattern(
        &mut self,
        loc: Loc,
        p: &'a PatternMatchMapping,
        pc: &mut PatternContext<'a>,
    ) -> Result<()> {
        let size = p.keys.len();
        pc.on_top += 1;
        self.emit(loc, Opcode::MATCH_MAPPING);
        self.jump_to_fail_pop(loc, Opcode::POP_JUMP_IF_FALSE, pc);
        if size == 0 && p.rest.is_none() {
            pc.on_top -= 1;
            self.emit(loc, Opcode::POP_TOP);
            return Ok(());
        }
        if size > 0 {
            self.length_check(loc, CmpOp::GtE, size, pc);
        }
        self.mapping_keys(loc, &p.keys)?;
        self.emit_i(loc, Opcode::BUILD_TUPLE, size as u32);
        self.emit(loc, Opcode::MATCH_KEYS);
        // The keys and the values lie above the subject now.
        pc.on_top += 2;
        self.check_not_none(loc, pc);
        self.emit_i(loc, Opcode::UNPACK_SEQUENCE, size as u32);
        // The values took the place of their tuple.
        pc.on_top = pc.on_top + size - 1;
        for pattern in &p.patterns {
            pc.on_top -= 1;
            self.subpattern(pattern, pc)?;
        }
        pc.on_top -= 2;
        match &p.rest {
            Some(rest) => self.mapping_rest(loc, rest, size, pc),
            None => {
                self.emit(loc, Opcode::POP_TOP);
                self.emit(loc, Opcode::POP_TOP);
                Ok(())
            }
        }
    }

    fn mapping_keys(&mut self, loc: Loc, keys: &'a [Expr]) -> Result<()> {
        let mut seen: Vec<Const> = Vec::new();
        for key in keys {
            if let Some(value) = self.pattern_value(key) {
                if seen.iter().any(|s| keys_equal(s, &value)) {
                    let repr = unparse::constant_repr(&value);
                    let msg = format!("mapping pattern checks duplicate key ({repr})");
                    return self.error(loc, msg);
                }
                seen.push(value.clone());
                let key_loc = self.loc(key);
                self.emit_const(key_loc, value);
            } else if key.is_attribute_expr() {
                self.visit_expr(key)?;
            } else {
                return self.error(
                    loc,
                    "mapping pattern keys may only match literals and attribute lookups",
                );
            }
        }
        Ok(())
    }

    /// Binds what the keys left: a copy of the mapping from which they are deleted.
    fn mapping_rest(
        &mut self,
        loc: Loc,
        rest: &'a Identifier,
        size: usize,
        pc: &mut PatternContext<'a>,
    ) -> Result<()> {
        self.emit_i(loc, Opcode::BUILD_MAP, 0);
        self.emit_i(loc, Opcode::SWAP, 3);
        self.emit_i(loc, Opcode::DICT_UPDATE, 2);
        self.emit_i(loc, Opcode::UNPACK_SEQUENCE, size as u32);
        for left in (1..=size).rev() {
            self.emit_i(loc, Opcode::COPY, left as u32 + 1);
            self.emit_i(loc, Opcode::SWAP, 2);
            self.emit(loc, Opcode::DELETE_SUBSCR);
        }
        self.capture(loc, Some(rest), pc)
    }

    /// Fails if the value on the stack is None.
    fn check_not_none(&mut self, loc: Loc, pc: &mut PatternContext<'a>) {
        self.emit_i(loc, Opcode::COPY, 1);
        self.emit_const(loc, Const::None);
        self.emit_compare(loc, CmpOp::IsNot);
        self.jump_to_fail_pop(loc, Opcode::POP_JUMP_IF_FALSE, pc);
    }

    fn class_pattern(
        &mut self,
        loc: Loc,
        p: &'a PatternMatchClass,
        pc: &mut PatternContext<'a>,
    ) -> Result<()> {
        let (patterns, keywords) = (&p.arguments.patterns, &p.arguments.keywords);
        for (i, keyword) in keywords.iter().enumerate() {
            let name = &keyword.attr.id;
            if let Some(other) = keywords[i + 1..]
                .iter()
                .find(|other| other.attr.id == *name)
            {
                let loc = self.loc(&other.pattern);
                let msg = format!("attribute name repeated in class pattern: {name}");
                return self.error(loc, msg);
            }
        }
        self.visit_expr(&p.cls)?;
        let names = keywords
            .iter()
            .map(|k| Const::Str(k.attr.as_str().into()))
            .collect();
        self.emit_const(loc, Const::Tuple(names));
        self.emit_i(loc, Opcode::MATCH_CLASS, patterns.len() as u32);
        // A tuple of the attributes, or None, took the place of the subject.
        pc.on_top += 1;
        self.check_not_none(loc, pc);
        let total = patterns.len() + keywords.len();
        self.emit_i(loc, Opcode::UNPACK_SEQUENCE, total as u32);
        pc.on_top = pc.on_top + total - 1;
        for pattern in patterns.iter().chain(keywords.iter().map(|k| &k.pattern)) {
            pc.on_top -= 1;
            if is_wildcard(pattern) {
                self.emit(loc, Opcode::POP_TOP);
            } else {
                self.subpattern(pattern, pc)?;
            }
        }
        Ok(())
    }
}

/// Alternatives.
impl<'a> Codegen<'a> {
    fn or_pattern(
        &mut self,
        loc: Loc,
        p: &'a PatternMatchOr,
        pc: &mut PatternContext<'a>,
    ) -> Result<()> {
        let end = self.new_label();
        let last = p.patterns.len().saturating_sub(1);
        // The names that the first alternative binds, and their order.
        let mut control: Option<Vec<&'a str>> = None;
        for (i, alternative) in p.patterns.iter().enumerate() {
            let alternative_loc = self.loc(alternative);
            let mut inner = PatternContext {
                allow_irrefutable: i == last && pc.allow_irrefutable,
                ..PatternContext::default()
            };
            self.emit_i(alternative_loc, Opcode::COPY, 1);
            self.pattern(alternative, &mut inner)?;
            match &control {
                None => control = Some(inner.stores.clone()),
                Some(control) => {
                    self.reorder_captures(loc, alternative_loc, control, &mut inner.stores)?;
                }
            }
            self.emit_jump(alternative_loc, Opcode::JUMP, end);
            self.emit_fail_pop(alternative_loc, &mut inner);
        }
        // No alternative matched.
        self.emit(loc, Opcode::POP_TOP);
        self.jump_to_fail_pop(loc, Opcode::JUMP, pc);

        self.place(end);
        // The captured values move below the copy of the subject, whatever else is needed,
        // and what was captured before.
        let control = control.unwrap_or_default();
        let depth = control.len() + 1 + pc.on_top + pc.stores.len();
        for name in control {
            self.rotate(loc, depth);
            self.check_new_capture(loc, name, pc)?;
            pc.stores.push(name);
        }
        self.emit(loc, Opcode::POP_TOP);
        Ok(())
    }

    /// Brings the captured values of an alternative into the order of the first one's.
    fn reorder_captures(
        &mut self,
        loc: Loc,
        alternative_loc: Loc,
        control: &[&'a str],
        stores: &mut [&'a str],
    ) -> Result<()> {
        let differs = "alternative patterns bind different names";
        if stores.len() != control.len() {
            return self.error(loc, differs);
        }
        for wanted in (0..control.len()).rev() {
            let Some(found) = stores.iter().position(|name| *name == control[wanted]) else {
                return self.error(loc, differs);
            };
            if found == wanted {
                continue;
            }
            // Names after `wanted` are in place, so the one looked for is before it.
            let rotations = found + 1;
            stores[..=wanted].rotate_left(rotations);
            for _ in 0..rotations {
                self.rotate(alternative_loc, wanted + 1);
            }
        }
        Ok(())
    }
}

/// Whether two constants are equal as dict keys: numbers are by value, whatever their type.
fn keys_equal(a: &Const, b: &Const) -> bool {
    use num_traits::ToPrimitive;
    fn complex(c: &Const) -> Option<(f64, f64)> {
        match c {
            Const::True => Some((1.0, 0.0)),
            Const::False => Some((0.0, 0.0)),
            Const::Int(n) => {
                // Only integers that floats hold exactly can equal one.
                let x = n.to_f64()?;
                let exact = num_bigint::BigInt::from(x as i128) == *n;
                exact.then_some((x, 0.0))
            }
            Const::Float(x) => Some((*x, 0.0)),
            Const::Complex(re, im) => Some((*re, *im)),
            _ => None,
        }
    }
    a == b || complex(a).is_some_and(|x| complex(b) == Some(x))
}
