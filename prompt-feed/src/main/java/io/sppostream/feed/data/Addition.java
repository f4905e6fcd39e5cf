package io.sppostream.feed.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The built-in task: addition, in a vocabulary of 13 characters. The answer to {@code 37+45=} is {@code 82}. With two
 * digits, half of the training prompts are easy ones such as {@code 03+04=}, since a value function is most useful when
 * difficulty varies, and a tenth of all pairs is held out for testing.
 */
public final class Addition {
    /** Name of the dataset of two-digit numbers. */
    public static final String NAME = "addition";

    /** Name of the dataset of one-digit numbers, which a model learns in seconds. It is tested on its training problems. */
    public static final String ONE_DIGIT = "addition-1";

    private static final int SPLIT_SEED = 0;
    private static final double HELD_OUT = 0.1;

    private Addition() {}

    /** Two-digit numbers: about 9,000 training pairs, as many easy ones, and about 1,000 held-out pairs. */
    public static Dataset twoDigits() {
        Random random = new Random(SPLIT_SEED);
        List<Problem> training = new ArrayList<>();
        List<Problem> easy = new ArrayList<>();
        List<Problem> heldOut = new ArrayList<>();
        for (int a = 0; a < 100; a++) {
            for (int b = 0; b < 100; b++) {
                Problem problem = problem("%02d+%02d=", a, b);
                if (random.nextDouble() < HELD_OUT) {
                    heldOut.add(problem);
                } else {
                    training.add(problem);
                    if (a < 10 && b < 10) {
                        easy.add(problem);
                    }
                }
            }
        }
        int hard = training.size() - easy.size();
        for (int i = 0; training.size() < 2 * hard; i++) {
            training.add(easy.get(i % easy.size()));
        }
        return new Dataset(NAME, training, heldOut);
    }

    /** One-digit numbers: all 100 pairs, for training and for testing. */
    public static Dataset oneDigit() {
        List<Problem> problems = new ArrayList<>();
        for (int a = 0; a < 10; a++) {
            for (int b = 0; b < 10; b++) {
                problems.add(problem("%d+%d=", a, b));
            }
        }
        return new Dataset(ONE_DIGIT, problems, problems);
    }

    private static Problem problem(String format, int a, int b) {
        String question = String.format(format, a, b);
        return Problem.asked(question, question, Integer.toString(a + b));
    }
}
