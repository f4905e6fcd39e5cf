package io.sppostream.feed.data;

import io.sppostream.events.catalogue.Hashes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Sums in English, for instruction-tuned models: {@code What is 37+45? Answer with the number only.} A tenth of the sums
 * of two-digit numbers is held out, chosen by hash. Half of the training prompts are the 100 sums of one-digit numbers,
 * since a value function is most useful when difficulty varies.
 */
public final class Arithmetic {
    /** Name of the dataset. */
    public static final String NAME = "arithmetic";

    /** The tier of sums of 0 to 9. */
    static final String ONE_DIGIT = "one-digit";

    /** The tier of sums of 10 to 99. */
    static final String TWO_DIGITS = "two-digit";

    private Arithmetic() {}

    /** The sums of two-digit numbers that are not held out, as many one-digit ones, and about 800 held-out sums. */
    public static Dataset dataset() {
        List<Problem> training = new ArrayList<>();
        List<Problem> heldOut = new ArrayList<>();
        for (Problem problem : sums(10, 99, TWO_DIGITS)) {
            (GeneratedDataset.isHeldOut(problem) ? heldOut : training).add(problem);
        }
        List<Problem> easy = sums(0, 9, ONE_DIGIT);
        int hard = training.size();
        for (int i = 0; i < hard; i++) {
            training.add(easy.get(i % easy.size()));
        }
        // Evaluations take the first held-out problems: these must not all begin with a small number.
        heldOut.sort(Comparator.comparing(problem -> Hashes.sha256(problem.id())));
        return new Dataset(NAME, training, heldOut);
    }

    private static List<Problem> sums(int least, int most, String tier) {
        List<Problem> sums = new ArrayList<>();
        for (int a = least; a <= most; a++) {
            for (int b = least; b <= most; b++) {
                String sum = a + "+" + b;
                String answer = Integer.toString(a + b);
                sums.add(Problem.asked(sum, "What is " + sum + "? Answer with the number only.", answer)
                        .solvedBy(answer, tier));
            }
        }
        return sums;
    }
}
