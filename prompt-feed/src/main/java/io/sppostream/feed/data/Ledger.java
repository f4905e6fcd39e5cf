package io.sppostream.feed.data;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Chains of arithmetic modulo 100, evaluated from left to right with written steps. The prompt {@code 87+38-21*03?} asks
 * for {@code 87+38=25;25-21=04;04*03=12;#12}. All numbers have two digits. A multiplier is 02 to 09, any other operand 10
 * to 39; the operands of a chain are distinct, so that an operand tells the place in the chain. The range of operands and
 * the mix of operators leave the first digit of a result related to that of the number before it. Of uniform numbers modulo
 * 100, which have no such relation, a small model learns nothing for thousands of steps.
 *
 * <p>A wrong step leaves no trace: the steps after it are correct for the wrong number, and the answer is wrong. The prompt
 * shows how long the chain is, and so how likely an error is. A chain of k operators takes 9 k + 4 tokens with the end
 * token, if each character is a token.
 */
public final class Ledger {
    /** Name of the dataset. */
    public static final String NAME = "ledger";

    /** The tier of chains with 3 to 8 operators. */
    static final String SHORT = "short";

    /** The tier of chains with 15 to 30 operators. */
    static final String LONG = "long";

    private static final long SEED = 1;
    private static final int TRAINING = 10_000;
    private static final int HELD_OUT = 500;
    private static final int MODULUS = 100;
    private static final double SUMS = 0.5;
    private static final double DIFFERENCES = 0.25;
    private static final int MULTIPLIERS = 8;

    private Ledger() {}

    /** 20,000 training problems and 1,000 held-out ones, half of them short chains. */
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
                List.of(random -> problem(random, SHORT, 3, 8), random -> problem(random, LONG, 15, 30)));
    }

    private static Problem problem(Random random, String tier, int least, int most) {
        int operators = least + random.nextInt(most - least + 1);
        Set<Integer> used = new HashSet<>();
        int value = 10 + random.nextInt(90);
        StringBuilder prompt = new StringBuilder(digits(value));
        StringBuilder steps = new StringBuilder();
        for (int i = 0; i < operators; i++) {
            char operator = operator(random, used);
            int operand = operator == '*' ? unused(random, used, 2, 9) : unused(random, used, 10, 39);
            int result = apply(operator, value, operand);
            prompt.append(operator).append(digits(operand));
            steps.append(digits(value)).append(operator).append(digits(operand));
            steps.append('=').append(digits(result)).append(';');
            value = result;
        }
        String question = prompt.append('?').toString();
        return Problem.asked(question, question, digits(value))
                .solvedBy(steps.append('#').append(digits(value)).toString(), tier);
    }

    /** Half of the operators add, a quarter subtract, and a quarter multiply while there are unused multipliers. */
    private static char operator(Random random, Set<Integer> used) {
        double draw = random.nextDouble();
        boolean exhausted = used.stream().filter(number -> number < 10).count() == MULTIPLIERS;
        if (draw < SUMS) {
            return '+';
        }
        return draw < SUMS + DIFFERENCES || exhausted ? '-' : '*';
    }

    private static int unused(Random random, Set<Integer> used, int least, int most) {
        int number;
        do {
            number = least + random.nextInt(most - least + 1);
        } while (!used.add(number));
        return number;
    }

    /** The result of one step, 0 to 99. */
    static int apply(char operator, int left, int right) {
        return switch (operator) {
            case '+' -> (left + right) % MODULUS;
            case '-' -> Math.floorMod(left - right, MODULUS);
            case '*' -> left * right % MODULUS;
            default -> throw new IllegalArgumentException("no operator: " + operator);
        };
    }

    private static String digits(int number) {
        return "" + number / 10 + number % 10;
    }
}
