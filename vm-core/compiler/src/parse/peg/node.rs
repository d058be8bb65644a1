//! What the parser of wrong programs knows of what it matched: enough for messages.

use super::token::Place;

/// Index of a [`Node`] in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeKind {
    Token,
    /// Parts that make nothing together; lists of parts too.
    Group,
    /// An optional part that is not there.
    Missing,
    Name,
    Number,
    Str,
    True,
    False,
    None,
    Ellipsis,
    Text,
    JoinedStr,
    TemplateStr,
    Attribute,
    Subscript,
    Starred,
    List,
    Tuple,
    Set,
    Dict,
    Lambda,
    Call,
    /// Binary, unary and boolean operations.
    Operation,
    Compare,
    /// The `in` of a comparison with its right side.
    InOperator,
    IfExp,
    NamedExpr,
    Await,
    Yield,
    GeneratorExp,
    ListComp,
    SetComp,
    DictComp,
    ForIf,
    Args,
    Keyword,
    Unpacking,
    Pattern,
    Statement,
}

impl NodeKind {
    /// The kinds that the grammar names.
    pub fn named(name: &str) -> Option<NodeKind> {
        use NodeKind::*;
        let kinds = [
            True,
            False,
            None,
            Ellipsis,
            Text,
            JoinedStr,
            TemplateStr,
            Attribute,
            Subscript,
            Starred,
            List,
            Tuple,
            Set,
            Dict,
            Lambda,
            Call,
            Operation,
            Compare,
            InOperator,
            IfExp,
            NamedExpr,
            Await,
            Yield,
            GeneratorExp,
            ListComp,
            SetComp,
            DictComp,
            ForIf,
            Args,
            Keyword,
            Unpacking,
            Pattern,
            Statement,
        ];
        kinds.into_iter().find(|kind| format!("{kind:?}") == name)
    }

    /// CPython's word for an expression of this kind.
    pub fn expression_name(self) -> &'static str {
        use NodeKind::*;
        match self {
            Name => "name",
            Number | Str | Text => "literal",
            True => "True",
            False => "False",
            None => "None",
            Ellipsis => "ellipsis",
            JoinedStr => "f-string expression",
            TemplateStr => "t-string expression",
            Attribute => "attribute",
            Subscript => "subscript",
            Starred => "starred",
            List => "list",
            Tuple => "tuple",
            Set => "set display",
            Dict => "dict literal",
            Lambda => "lambda",
            Call => "function call",
            Compare => "comparison",
            IfExp => "conditional expression",
            NamedExpr => "named expression",
            Await => "await expression",
            Yield => "yield expression",
            GeneratorExp => "generator expression",
            ListComp => "list comprehension",
            SetComp => "set comprehension",
            DictComp => "dict comprehension",
            Token | Group | Missing | Operation | InOperator | ForIf | Args | Keyword
            | Unpacking | Pattern | Statement => "expression",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub kind: NodeKind,
    pub start: Place,
    pub end: Place,
    /// Index of the token it begins with.
    pub token: usize,
    children: (u32, u32),
}

/// All nodes of a parse, also of attempts that failed.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    children: Vec<NodeId>,
}

impl Tree {
    pub fn add(
        &mut self,
        kind: NodeKind,
        (start, end): (Place, Place),
        token: usize,
        children: &[NodeId],
    ) -> NodeId {
        let from = self.children.len() as u32;
        self.children.extend_from_slice(children);
        let children = (from, self.children.len() as u32);
        self.nodes.push(Node {
            kind,
            start,
            end,
            token,
            children,
        });
        NodeId(self.nodes.len() as u32 - 1)
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub fn kind(&self, id: NodeId) -> NodeKind {
        self.node(id).kind
    }

    pub fn children(&self, id: NodeId) -> &[NodeId] {
        let (from, to) = self.node(id).children;
        &self.children[from as usize..to as usize]
    }

    /// What a node is made of, without tokens; groups are looked into. A node that is no group
    /// and is asked for as a list is its own only element.
    pub fn elements(&self, id: NodeId) -> Vec<NodeId> {
        let mut out = Vec::new();
        self.collect(self.children(id), &mut out);
        out
    }

    /// The elements of a list, which may be a single element.
    pub fn list(&self, id: NodeId) -> Vec<NodeId> {
        if self.kind(id) == NodeKind::Group {
            self.elements(id)
        } else {
            vec![id]
        }
    }

    fn collect(&self, ids: &[NodeId], out: &mut Vec<NodeId>) {
        for &id in ids {
            match self.kind(id) {
                NodeKind::Token | NodeKind::Missing => {}
                NodeKind::Group => self.collect(self.children(id), out),
                _ => out.push(id),
            }
        }
    }
}
