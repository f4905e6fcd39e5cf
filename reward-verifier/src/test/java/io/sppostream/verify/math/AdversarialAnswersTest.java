package io.sppostream.verify.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Answers designed to be slow: each is graded in 50 ms of processor time, and none is correct. */
class AdversarialAnswersTest {
    private static final double MAX_MILLIS = 50;

    private final MathGrader grader = new MathGrader(GradingProfile.MATH);

    static Stream<Arguments> answers() {
        return Stream.of(
                answer("power tower", "9^{9^{9^{9}}}", "9^{9^{9^{9}}}+1"),
                answer("tall power tower", "5", "2^{2^{2^{2^{2^{2^{2^{2}}}}}}}"),
                answer("tower of e", "e^{e^{e^{e}}}", "e^{e^{e^{e}}}+1"),
                answer("tower of unknowns", "x", "x^{x^{x^{x^{x^{x}}}}}"),
                answer("large powers", "7^{30000}", "7^{30000}-\\frac{1}{3^{40000}}"),
                answer("giant factorials", "1000000!", "999999!"),
                answer("nested factorials", "5", "((9!)!)!"),
                answer("factorial quotients", "5", "6000!/5999!".concat("*6000!/5999!".repeat(20))),
                answer("almost equal factorials", "7000!", "7000!+\\frac{1}{6999!}"),
                answer("5,000 parentheses", "5", "(".repeat(5_000) + "5" + ")".repeat(5_000)),
                answer("900 parentheses", "5", "(".repeat(900) + "6" + ")".repeat(900)),
                answer("1,900 signs", "5", "-".repeat(1_900) + "5"),
                answer("3,000 terms", "5", "1+".repeat(3_000) + "1"),
                answer("180 roots", "x", "\\sqrt{x}+".repeat(180) + "x"),
                answer("60 nested roots", "\\sqrt{2}", "\\sqrt{2+".repeat(60) + "1" + "}".repeat(60)),
                answer("60 nested fractions", "5", "\\frac{1}{1+".repeat(60) + "1" + "}".repeat(60)),
                answer("large polynomial", "(a+b+c+d+f+g+h)^{20}", "(a+b+c+d+f+h+g)^{20}+1"),
                answer("harmonic series", "1", "\\sum_{k=1}^{2000}\\frac{1}{k}"),
                answer("nested series", "1", "\\sum_{i=1}^{999}\\sum_{j=1}^{999}\\sum_{k=1}^{999}1"),
                answer("series of sines", "1", "\\sum_{k=1}^{2000}\\sin(k)"),
                answer("long list", "1,2,3", "x,".repeat(240) + "x"),
                answer("2,000 digits", "5", "1".repeat(1_999)),
                answer("2,000 backslashes", "5", "\\".repeat(1_999)),
                answer("subscripts", "5", "x_{".repeat(300) + "1" + "}".repeat(300)));
    }

    private static Arguments answer(String name, String reference, String answer) {
        return Arguments.of(name, reference, "\\boxed{" + answer + "}");
    }

    static Stream<Arguments> responses() {
        return Stream.of(
                Arguments.of("10 MB of words", "5", "a ".repeat(5_000_000)),
                Arguments.of("10 MB of open boxes", "5", "\\boxed{".repeat(1_400_000)),
                Arguments.of("10 MB of boxes", "4", "\\boxed{5} ".repeat(1_000_000)),
                Arguments.of("10 MB of braces", "5", "\\boxed{" + "{".repeat(10_000_000)),
                Arguments.of("10 MB of dollars", "5", "$".repeat(10_000_000)),
                Arguments.of("10 MB of answers", "5", "answer: ".repeat(1_200_000)),
                Arguments.of("10 MB of thoughts", "5", "<think>".repeat(1_400_000)),
                Arguments.of("4,000 stars", "5", "*".repeat(4_000)),
                Arguments.of("4,000 blanks", "5", "the answer" + " ".repeat(4_000)),
                Arguments.of("blanks before a number", "4", "over" + " ".repeat(3_900) + "x 5"),
                Arguments.of("announcements", "5", "the answer is ".repeat(300)),
                Arguments.of("announced formulas", "5", "the answer is $x$ ".repeat(230)),
                Arguments.of("final answers", "5", "final answer is ".repeat(250)),
                Arguments.of("hashes", "5", "#### ".repeat(800)),
                Arguments.of("open formulas", "5", "\\( ".repeat(1_300)),
                Arguments.of("open brackets", "6", "(5 + ".repeat(800)),
                Arguments.of("open braces", "6", "\\frac{5 ".repeat(400)),
                Arguments.of("sums", "5", "1 + ".repeat(1_000)),
                Arguments.of("numbers", "5", "1 000 ".repeat(660)),
                Arguments.of("joined numbers", "5", "6 and ".repeat(660)),
                Arguments.of("calculations", "5", "<<".repeat(2_000)),
                Arguments.of("negations", "4", "not a ".repeat(600) + "6"),
                Arguments.of("union of many intervals", "[0, 1]", "\\boxed{" + union(60) + "}"));
    }

    /** A union of intervals whose ends have roots, so that each comparison needs digits. */
    private static String union(int parts) {
        return IntStream.range(0, parts)
                .mapToObj(i -> "[\\sqrt{" + (97 * i % 61 + 2) + "}, \\sqrt{" + (97 * i % 61 + 3) + "}]")
                .collect(Collectors.joining(" \\cup "));
    }

    @BeforeAll
    static void warmUp() {
        AdversarialAnswersTest test = new AdversarialAnswersTest();
        for (int i = 0; i < 3; i++) {
            Stream.concat(answers(), responses())
                    .map(Arguments::get)
                    .forEach(arguments -> test.gradeBothWays((String) arguments[1], (String) arguments[2]));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"answers", "responses"})
    void shouldFinishInFiftyMillisecondsWhenAnAnswerIsAdversarial(String name, String reference, String response) {
        double millis = CpuClock.millis(() -> gradeBothWays(reference, response)) / 2;
        assertThat(millis).as(name).isLessThan(MAX_MILLIS);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("responses")
    void shouldFinishInFiftyMillisecondsWhateverTheProfile(String name, String reference, String response) {
        for (GradingProfile profile : GradingProfile.values()) {
            MathGrader profiled = new MathGrader(profile);
            Runnable grading =
                    () -> assertThat(profiled.gradeResponse(reference, response).status())
                            .isNotEqualTo(GradeStatus.CORRECT);
            grading.run();
            assertThat(CpuClock.millis(grading)).as("%s, %s", name, profile).isLessThan(MAX_MILLIS);
        }
    }

    private void gradeBothWays(String reference, String response) {
        assertThat(grader.gradeResponse(reference, response).status()).isNotEqualTo(GradeStatus.CORRECT);
        assertThat(grader.gradePrediction(reference, response).status()).isNotEqualTo(GradeStatus.CORRECT);
    }
}
