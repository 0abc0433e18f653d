//! Cycles in a directed graph.

use std::collections::{BTreeMap, BTreeSet};

/// A directed graph: the successors of each node.
pub type Graph<N> = BTreeMap<N, BTreeSet<N>>;

/// The groups of nodes that reach each other (strongly connected components of two nodes or more), sorted.
pub fn cycles<N: Ord + Clone>(graph: &Graph<N>) -> Vec<Vec<N>> {
    let targets: BTreeMap<&N, BTreeSet<&N>> = graph.keys().map(|node| (node, reachable(node, graph))).collect();
    let is_path = |from: &N, to: &N| targets.get(from).is_some_and(|nodes| nodes.contains(to));
    let mut groups = BTreeSet::new();
    for node in graph.keys() {
        let group: Vec<N> =
            graph.keys().filter(|other| is_path(node, other) && is_path(other, node)).cloned().collect();
        if group.len() > 1 {
            groups.insert(group);
        }
    }
    groups.into_iter().collect()
}

/// The nodes on a path from `start`; `start` itself only if it is on a cycle.
fn reachable<'a, N: Ord>(start: &'a N, graph: &'a Graph<N>) -> BTreeSet<&'a N> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        let next = graph.get(node).into_iter().flatten();
        open.extend(next.filter(|next| found.insert(*next)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Graph, cycles};

    fn graph(edges: &[(u8, u8)]) -> Graph<u8> {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry(*from).or_default().insert(*to);
            graph.entry(*to).or_default();
        }
        graph
    }

    #[test]
    fn nodes_that_reach_each_other_form_one_group() {
        assert_eq!(cycles(&graph(&[(1, 2), (2, 3), (3, 1), (3, 4), (5, 6), (6, 5)])), [vec![1, 2, 3], vec![5, 6]]);
    }

    #[test]
    fn a_graph_without_cycles_has_no_group() {
        assert!(cycles(&graph(&[(1, 2), (1, 3), (2, 3), (4, 4)])).is_empty());
    }
}
