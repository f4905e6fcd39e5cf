package io.sppostream.verify.math;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures the speed of the grader on one thread and prints medians. Run it from the repository root after compiling the
 * tests: {@code java -cp reward-verifier/target/classes:reward-verifier/target/test-classes:<jspecify>
 * io.sppostream.verify.math.GraderSpeed}.
 */
public final class GraderSpeed {
    private static final int REPETITIONS = 7;

    private static final String SOLUTION = ("Let the total be $S$. Then $\\frac{2}{5} S + 9 = S$, so \\(S = 15\\). "
                    + "We check: $15 - 6 = 9$. ")
            .repeat(12);

    private GraderSpeed() {}

    public static void main(String[] arguments) {
        System.out.printf(
                "java %s, %s, %d processors, one thread, median of %d repetitions%n",
                System.getProperty("java.version"),
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                REPETITIONS);
        rate("integers, 1 KB responses", integers(), 40_000);
        rate("symbolic", symbolic(), 4_000);
        latency("hard forms", hard());
    }

    private record Pair(String reference, String response) {}

    private static List<Pair> integers() {
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            pairs.add(new Pair(
                    String.valueOf(i * 37), SOLUTION + "Hence \\(\\boxed{" + (i % 3 == 0 ? i : i * 37) + "}\\)."));
        }
        return pairs;
    }

    private static List<Pair> symbolic() {
        List<Pair> pairs = new ArrayList<>();
        for (int i = 2; i < 120; i++) {
            pairs.add(boxed("\\frac{" + i + "}{7}", "\\dfrac{" + 2 * i + "}{14}"));
            pairs.add(boxed(i + "\\sqrt{3}", "\\sqrt{" + 3 * i * i + "}"));
            pairs.add(boxed("x^2+" + 2 * i + "x+" + i * i, "(x+" + i + ")^2"));
            pairs.add(boxed("\\frac{" + i + "\\pi}{3}", "\\frac{\\pi}{3}\\cdot " + i));
            pairs.add(boxed("(" + i + ", \\frac{1}{2})", "(" + i + ", 0.5)"));
            pairs.add(boxed("[" + i + ", \\infty)", "x \\ge " + i));
            pairs.add(boxed("\\frac{1+\\sqrt{" + i + "}}{2}", "\\frac{1}{2}+\\frac{\\sqrt{" + (i + i % 2) + "}}{2}"));
            pairs.add(boxed("\\{1, 2, " + i + "\\}", i + ", 2, 1"));
        }
        return pairs;
    }

    private static List<Pair> hard() {
        List<Pair> pairs = new ArrayList<>();
        for (int i = 2; i < 40; i++) {
            pairs.add(boxed("\\sin 2x + " + i, "2\\sin x\\cos x + " + i));
            pairs.add(boxed("\\tan^2(y)+1", "\\sec^2(y)"));
            pairs.add(boxed(
                    "-\\frac{2(x^2+6)}{9(x^2-2)\\sqrt[3]{x^2-2}^2}",
                    "-\\frac{8x^2}{9(x^2-2)^{5/3}}+\\frac{2}{3(x^2-2)^{2/3}}"));
            pairs.add(boxed("\\sqrt{" + (i + 2) + "+2\\sqrt{" + (i + 1) + "}}", "1+\\sqrt{" + (i + 1) + "}"));
            pairs.add(boxed("\\ln " + i * i, "2\\ln " + i));
            pairs.add(boxed("e^{i\\pi/3}", "\\frac{1}{2}+\\frac{\\sqrt{3}}{2}i"));
            pairs.add(boxed("\\binom{n}{3}", "\\frac{n(n-1)(n-2)}{6}"));
            pairs.add(boxed("\\arctan \\frac{1}{2}+\\arctan\\frac{1}{3}", "\\frac{\\pi}{4}"));
            pairs.add(boxed("(x+y+" + i + ")^6", "(y+x+" + i + ")^6"));
            pairs.add(boxed("\\frac{1}{2004!}", "\\frac{1}{2006!}"));
        }
        return pairs;
    }

    private static Pair boxed(String reference, String answer) {
        return new Pair(reference, "So the answer is $\\boxed{" + answer + "}$.");
    }

    private static void rate(String name, List<Pair> pairs, int verdicts) {
        MathGrader grader = new MathGrader(GradingProfile.MATH);
        double[] rates = new double[REPETITIONS];
        for (int repetition = -3; repetition < REPETITIONS; repetition++) {
            long start = System.nanoTime();
            for (int i = 0; i < verdicts; i++) {
                Pair pair = pairs.get(i % pairs.size());
                grader.gradeResponse(pair.reference(), pair.response());
            }
            if (repetition >= 0) {
                rates[repetition] = verdicts / ((System.nanoTime() - start) / 1e9);
            }
        }
        Arrays.sort(rates);
        System.out.printf("%-26s %,10.0f verdicts/s%n", name, rates[REPETITIONS / 2]);
    }

    private static void latency(String name, List<Pair> pairs) {
        MathGrader grader = new MathGrader(GradingProfile.MATH);
        double[] tails = new double[REPETITIONS];
        double[] middles = new double[REPETITIONS];
        for (int repetition = -3; repetition < REPETITIONS; repetition++) {
            double[] millis = new double[pairs.size()];
            for (int i = 0; i < millis.length; i++) {
                long start = System.nanoTime();
                grader.gradeResponse(pairs.get(i).reference(), pairs.get(i).response());
                millis[i] = (System.nanoTime() - start) / 1e6;
            }
            Arrays.sort(millis);
            if (repetition >= 0) {
                tails[repetition] = millis[millis.length * 99 / 100];
                middles[repetition] = millis[millis.length / 2];
            }
        }
        Arrays.sort(tails);
        Arrays.sort(middles);
        System.out.printf("%-26s %10.3f ms p50, %.3f ms p99%n", name, middles[REPETITIONS / 2], tails[REPETITIONS / 2]);
    }
}
