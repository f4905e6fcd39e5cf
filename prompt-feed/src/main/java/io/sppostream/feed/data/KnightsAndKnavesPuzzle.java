package io.sppostream.feed.data;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A puzzle of knights, who always tell the truth, and knaves, who always lie: each person makes one statement, and exactly
 * one assignment of roles agrees with all of them.
 *
 * @param statements what each person says
 * @param knights the solution: bit i is set if person i is a knight
 */
record KnightsAndKnavesPuzzle(List<Statement> statements, int knights) {

    /** Draws a puzzle, by rejecting statements that leave none or several solutions. */
    static KnightsAndKnavesPuzzle random(Random random, int people) {
        while (true) {
            List<Statement> statements = IntStream.range(0, people)
                    .mapToObj(speaker -> Statement.random(random, speaker, people))
                    .toList();
            int[] solutions = solutions(statements);
            if (solutions.length == 1) {
                return new KnightsAndKnavesPuzzle(statements, solutions[0]);
            }
        }
    }

    /** All assignments of roles under which exactly the knights' statements are true. */
    static int[] solutions(List<Statement> statements) {
        return IntStream.range(0, 1 << statements.size())
                .filter(knights ->
                        IntStream.range(0, statements.size()).allMatch(speaker -> agrees(statements, speaker, knights)))
                .toArray();
    }

    /** Whether a person's statement is true if they are a knight, and false if they are a knave. */
    private static boolean agrees(List<Statement> statements, int speaker, int knights) {
        return statements.get(speaker).holds(knights) == isKnight(speaker, knights);
    }

    /** Whether a person's statement agrees with an assignment of roles. */
    boolean agrees(int speaker, int assignment) {
        return agrees(statements, speaker, assignment);
    }

    /** Whether a person is a knight in an assignment of roles. */
    static boolean isKnight(int person, int knights) {
        return (knights & (1 << person)) != 0;
    }

    /** Whether a person is a knight in the solution. */
    boolean isKnight(int person) {
        return isKnight(person, knights);
    }

    int people() {
        return statements.size();
    }
}
