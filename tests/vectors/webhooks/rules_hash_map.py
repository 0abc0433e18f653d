"""The iteration order of `java.util.HashMap`."""


def spread(key):
    """The hash as HashMap uses it: String.hashCode over UTF-16 code units, the upper half mixed in; signed, 32 bits."""
    h = 0
    for c in key:
        h = (31 * h + ord(c)) & 0xFFFFFFFF
    h ^= h >> 16
    return h - (1 << 32) if h >> 31 else h


class Node:
    def __init__(self, key):
        self.key, self.hash, self.next = key, spread(key), None
        self.parent = self.left = self.right = self.prev = None
        self.red = False


class HashMap:
    """The order of iteration of a Java 8 (or later) HashMap<String, ?> after the keys went in, in this order; no removals."""

    def __init__(self, capacity=16):
        size = 1
        while size < capacity:
            size *= 2
        self.table, self.trees, self.count = [None] * size, set(), 0
        self.threshold = size * 3 // 4

    def keys(self):
        for node in self.table:
            while node:
                yield node.key
                node = node.next

    def put(self, key):
        new = Node(key)
        index = new.hash & (len(self.table) - 1)
        first = self.table[index]
        if first is None:
            self.table[index] = new
        elif index in self.trees:
            if not self.tree_put(index, new):
                return
        else:
            length, node = 1, first
            while True:
                if node.key == key:
                    return
                if node.next is None:
                    break
                node, length = node.next, length + 1
            node.next = new
            if length >= 8:  # the ninth in one bucket
                if len(self.table) < 64:
                    self.resize()
                else:
                    self.treeify(index)
        self.count += 1
        if self.count > self.threshold:
            self.resize()

    def resize(self):
        size = len(self.table)
        old, old_trees = self.table, self.trees
        self.table, self.trees = [None] * (2 * size), set()
        self.threshold = 2 * size * 3 // 4
        for index, node in enumerate(old):
            halves = ([], [])
            while node:
                halves[1 if node.hash & size else 0].append(node)
                node = node.next
            for half, target in zip(halves, (index, index + size)):
                for a, b in zip(half, half[1:] + [None]):
                    a.next = b
                for a, b in zip([None] + half, half):
                    b.prev = a
                if half:
                    self.table[target] = half[0]
                if index in old_trees and len(half) > 6:
                    if halves[0] and halves[1]:
                        self.treeify(target)
                    else:
                        self.trees.add(target)  # nothing was split off: the tree stays as it is

    # The red-black tree matters for the order only because its root is moved to the front of the bucket's list,
    # and a new node goes into the list right behind its parent in the tree.

    @staticmethod
    def direction(new, node):
        return -1 if (new.hash, new.key) < (node.hash, node.key) else 1

    def treeify(self, index):
        self.trees.add(index)
        nodes, node = [], self.table[index]
        while node:
            nodes.append(node)
            node = node.next
        root = None
        for a, b in zip([None] + nodes, nodes):
            b.prev = a
        for node in nodes:
            node.left = node.right = node.parent = None
            if root is None:
                node.red, root = False, node
            else:
                self.hang(root, node)
                root = self.balance(root, node)
        self.to_front(index, root)

    def hang(self, root, new):
        node = root
        while True:
            side = "left" if self.direction(new, node) < 0 else "right"
            if getattr(node, side) is None:
                setattr(node, side, new)
                new.parent = node
                return node
            node = getattr(node, side)

    def tree_put(self, index, new):
        node = root = self.table[index]
        while root.parent:
            root = root.parent
        while node:
            if node.key == new.key:
                return False
            node = node.next
        parent = self.hang(root, new)
        new.next, new.prev = parent.next, parent
        if parent.next:
            parent.next.prev = new
        parent.next = new
        self.to_front(index, self.balance(root, new))
        return True

    def to_front(self, index, root):
        first = self.table[index]
        if root is first:
            return
        self.table[index] = root
        if root.next:
            root.next.prev = root.prev
        if root.prev:
            root.prev.next = root.next
        first.prev, root.next, root.prev = root, first, None

    @staticmethod
    def rotate(root, p, side):
        """Rotates p towards side."""
        other = "right" if side == "left" else "left"
        r = getattr(p, other)
        if r is None:
            return root
        inner = getattr(r, side)
        setattr(p, other, inner)
        if inner:
            inner.parent = p
        r.parent = p.parent
        if p.parent is None:
            root = r
            r.red = False
        elif p.parent.left is p:
            p.parent.left = r
        else:
            p.parent.right = r
        setattr(r, side, p)
        p.parent = r
        return root

    def balance(self, root, x):
        x.red = True
        while True:
            p = x.parent
            if p is None:
                x.red = False
                return x
            if not p.red or p.parent is None:
                return root
            g = p.parent
            side, other = ("left", "right") if p is g.left else ("right", "left")
            uncle = getattr(g, other)
            if uncle and uncle.red:
                uncle.red = p.red = False
                g.red = True
                x = g
                continue
            if x is getattr(p, other):
                x = p
                root = self.rotate(root, x, side)
                p = x.parent
                g = p.parent if p else None
            if p:
                p.red = False
                if g:
                    g.red = True
                    root = self.rotate(root, g, other)


def hashed(keys, capacity=16):
    table = HashMap(capacity)
    for key in keys:
        table.put(key)
    return list(table.keys())
