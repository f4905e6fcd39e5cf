package io.sppostream.feed.data;

import java.util.List;
import java.util.Random;

/**
 * Knights and knaves in a compact notation, with a search written out. The prompt has a statement for each person, A to E,
 * in prefix notation: {@code kB} says that B is a knight, {@code nB} that B is a knave; {@code !} negates, and
 * {@code &}, {@code |}, {@code >} and {@code =} join two atoms by and, or, if-then and if-and-only-if. In {@code A>kBnA,BnA?},
 * A says "if B is a knight, then I am a knave".
 *
 * <p>The response is a depth-first search over assignments of roles in the order of the people, knights first, and then
 * the solution after {@code #}. Each node of the search states the assignment so far, then checks every statement
 * that it is the first to decide: the speaker, the statement restated with 0 or 1 after each atom, and {@code +} if the
 * statement agrees with the speaker's role, {@code -} if not. A conflict ends the node, and the search backs up.
 *
 * <p>A wrong truth value prunes the solution, or accepts a wrong one, without a visible sign.
 */
public final class KnightsAndKnaves {
    /** Name of the dataset. */
    public static final String NAME = "knights-and-knaves";

    /** The tier of puzzles with 2 or 3 people. */
    static final String FEW = "few";

    /** The tier of puzzles with 4 or 5 people. */
    static final String MANY = "many";

    /** Puzzles with a longer search are left out. The end token comes on top. */
    static final int MAX_LENGTH = 179;

    private static final long SEED = 1;
    private static final int TRAINING = 10_000;
    private static final int HELD_OUT = 500;

    private final KnightsAndKnavesPuzzle puzzle;
    private final StringBuilder tape = new StringBuilder();

    private KnightsAndKnaves(KnightsAndKnavesPuzzle puzzle) {
        this.puzzle = puzzle;
    }

    /** 20,000 training problems and 1,000 held-out ones, half of them with 2 or 3 people. */
    public static Dataset dataset() {
        return generate(SEED, TRAINING, HELD_OUT);
    }

    /** @param training and heldOut problems of each tier */
    static Dataset generate(long seed, int training, int heldOut) {
        return GeneratedDataset.of(
                NAME,
                seed,
                training,
                heldOut,
                List.of(random -> problem(random, FEW, 2), random -> problem(random, MANY, 4)));
    }

    private static Problem problem(Random random, String tier, int least) {
        while (true) {
            KnightsAndKnavesPuzzle puzzle = KnightsAndKnavesPuzzle.random(random, least + random.nextInt(2));
            String search = search(puzzle);
            if (search.length() <= MAX_LENGTH) {
                String question = prompt(puzzle);
                return Problem.asked(question, question, roles(puzzle.people(), puzzle.knights()))
                        .solvedBy(search, tier);
            }
        }
    }

    /** The puzzle in prefix notation, which identifies it. */
    static String prompt(KnightsAndKnavesPuzzle puzzle) {
        StringBuilder prompt = new StringBuilder();
        for (int speaker = 0; speaker < puzzle.people(); speaker++) {
            prompt.append(speaker == 0 ? "" : ",").append(name(speaker));
            prompt.append(text(puzzle.statements().get(speaker)));
        }
        return prompt.append('?').toString();
    }

    /** The search that solves a puzzle, and its solution. */
    static String search(KnightsAndKnavesPuzzle puzzle) {
        KnightsAndKnaves search = new KnightsAndKnaves(puzzle);
        search.tryRoles(0, 0);
        return search.tape
                .append('#')
                .append(roles(puzzle.people(), puzzle.knights()))
                .toString();
    }

    /**
     * Assigns a role to the next person.
     *
     * @param assigned people that have roles, which are the first ones
     * @return whether the solution was found
     */
    private boolean tryRoles(int assigned, int knights) {
        if (assigned == puzzle.people()) {
            return true;
        }
        int asKnight = knights | (1 << assigned);
        return (accepts(assigned, asKnight) && tryRoles(assigned + 1, asKnight))
                || (accepts(assigned, knights) && tryRoles(assigned + 1, knights));
    }

    /** Writes one node of the search; returns whether no statement that it decides conflicts with it. */
    private boolean accepts(int last, int knights) {
        tape.append(tape.isEmpty() ? "" : ";").append(roles(last + 1, knights));
        for (int speaker = 0; speaker < puzzle.people(); speaker++) {
            Statement statement = puzzle.statements().get(speaker);
            boolean decidedHere = Integer.highestOneBit(statement.people() | (1 << speaker)) == 1 << last;
            if (decidedHere) {
                boolean agrees = puzzle.agrees(speaker, knights);
                tape.append(name(speaker)).append(checked(statement, knights)).append(agrees ? '+' : '-');
                if (!agrees) {
                    return false;
                }
            }
        }
        return true;
    }

    private static String text(Statement statement) {
        if (statement instanceof Statement.Role role) {
            return (role.knight() ? "k" : "n") + name(role.person());
        }
        if (statement instanceof Statement.Not not) {
            return "!" + text(not.atom());
        }
        Statement.Joined joined = (Statement.Joined) statement;
        return symbol(joined.connective()) + text(joined.left()) + text(joined.right());
    }

    private static String checked(Statement statement, int knights) {
        if (statement instanceof Statement.Role role) {
            return text(role) + (role.holds(knights) ? '1' : '0');
        }
        if (statement instanceof Statement.Not not) {
            return "!" + checked(not.atom(), knights);
        }
        Statement.Joined joined = (Statement.Joined) statement;
        return symbol(joined.connective()) + checked(joined.left(), knights) + checked(joined.right(), knights);
    }

    private static String symbol(Statement.Connective connective) {
        return switch (connective) {
            case AND -> "&";
            case OR -> "|";
            case IF_THEN -> ">";
            case IF_AND_ONLY_IF -> "=";
        };
    }

    private static char name(int person) {
        return (char) ('A' + person);
    }

    /** The roles of the first people, such as {@code kkn}. */
    static String roles(int people, int knights) {
        StringBuilder roles = new StringBuilder(people);
        for (int person = 0; person < people; person++) {
            roles.append(KnightsAndKnavesPuzzle.isKnight(person, knights) ? 'k' : 'n');
        }
        return roles.toString();
    }
}
