package io.sppostream.feed.data;

import java.util.Random;

/**
 * What an inhabitant of an island of knights and knaves says: an atom such as "B is a knight", its negation, or two atoms
 * joined. An assignment of roles is a bit set with bit i set if person i is a knight.
 */
sealed interface Statement {
    /** Whether the statement is true under an assignment of roles to all people. */
    boolean holds(int knights);

    /** The people it is about, as a bit set. */
    int people();

    /** "Person is a knight" or "person is a knave". */
    record Role(int person, boolean knight) implements Statement {
        @Override
        public boolean holds(int knights) {
            return KnightsAndKnavesPuzzle.isKnight(person, knights) == knight;
        }

        @Override
        public int people() {
            return 1 << person;
        }
    }

    /** The opposite of an atom. */
    record Not(Role atom) implements Statement {
        @Override
        public boolean holds(int knights) {
            return !atom.holds(knights);
        }

        @Override
        public int people() {
            return atom.people();
        }
    }

    /** Two atoms about different people, joined. */
    record Joined(Connective connective, Role left, Role right) implements Statement {
        @Override
        public boolean holds(int knights) {
            return connective.of(left.holds(knights), right.holds(knights));
        }

        @Override
        public int people() {
            return left.people() | right.people();
        }
    }

    /** Joins two truth values. */
    enum Connective {
        AND,
        OR,
        IF_THEN,
        IF_AND_ONLY_IF;

        boolean of(boolean left, boolean right) {
            return switch (this) {
                case AND -> left && right;
                case OR -> left || right;
                case IF_THEN -> !left || right;
                case IF_AND_ONLY_IF -> left == right;
            };
        }
    }

    /**
     * Draws a statement: an atom, a negation or one of the four connectives, each with probability 1/6. Nobody says of
     * themselves that they are a knave, which no inhabitant can.
     */
    static Statement random(Random random, int speaker, int people) {
        Role first = atom(random, speaker, people);
        int kind = random.nextInt(6);
        if (kind == 0) {
            return first;
        }
        if (kind == 1) {
            return new Not(first);
        }
        Role second;
        do {
            second = atom(random, speaker, people);
        } while (second.person() == first.person());
        return new Joined(Connective.values()[kind - 2], first, second);
    }

    private static Role atom(Random random, int speaker, int people) {
        int person = random.nextInt(people);
        return new Role(person, person == speaker || random.nextBoolean());
    }
}
