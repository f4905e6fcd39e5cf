package io.sppostream.history.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class RequestTraceTest {
    @Test
    void shouldPrintARolloutFromItsPromptToItsGradientSteps() {
        SmallLog log = new SmallLog();
        RequestTrace trace = new RequestTrace(SmallLog.TOPICS, "r3");
        trace.prompts.add(log.prompts.get(3));
        trace.rollouts.add(log.rollouts.get(3));
        trace.samples.add(log.samples.get(3));
        log.ledger.forEach(trace::take);

        assertThat(print(trace)).isEqualTo("""
                        request r3 of run 'small'
                          prompt    small.prompts.v1-0@3                  +0.000 s  p of addition; 1 response requested, from policy version 0 or later
                                      user       1+1=
                                      reference  2

                        rollout r3/0
                          sampled   small.rollouts.v1-0@3                 +0.000 s  2 tokens at temperature 1.0, seed 1, STOP
                                      text       2
                                      tokens     2 12
                                      log-probs  -0.500 -0.250
                                      policy     version 1 (policy-1) for tokens 0 to 1
                          credited  small.advantages.v1-0@3               +0.000 s  A = +0.500 by sppo, of reward 1.0 and V = 0.500 of critic version 1
                          trained   small.training-steps.v1-0@2           +0.000 s  policy step 2, version 1 -> 2 (policy-2): mini-batch 1 of 1, place 2 of 2, lag 0
                          trained   small.training-steps.v1-0@3           +0.000 s  critic step 2, version 1 -> 2 (critic-2): mini-batch 1 of 1, place 2 of 2, lag 0
                        """);
    }

    @Test
    void shouldSayWhyARolloutWillNotBeTrainedOn() {
        SmallLog log = new SmallLog();
        log.request("late", 3);
        log.expire("late");
        RequestTrace trace = new RequestTrace(SmallLog.TOPICS, "late");
        trace.rollouts.add(log.rollouts.get(6));
        trace.expired.add(log.expired.get(0));

        assertThat(print(trace))
                .contains("NO_VERDICT_IN_TIME, decided by advantage-stream: late")
                .doesNotContain("pending");
    }

    @Test
    void shouldSayWhatARolloutWaitsFor() {
        SmallLog log = new SmallLog();
        log.request("new", 3);
        RequestTrace trace = new RequestTrace(SmallLog.TOPICS, "new");
        trace.prompts.add(log.prompts.get(6));

        assertThat(print(trace)).contains("pending   waits for a rollout producer to answer it");
        trace.rollouts.add(log.rollouts.get(6));
        assertThat(print(trace)).contains("pending   waits for a verifier to judge it");
    }

    @Test
    void shouldKeepLinesOfAnswersApartAndEscapeControlCharacters() {
        SmallLog log = new SmallLog();
        RequestTrace trace = new RequestTrace(SmallLog.TOPICS, "r3");
        SmallLog.add(
                SmallLog.TOPICS.rollouts(),
                trace.rollouts,
                Rollout.newBuilder(log.rollouts.get(3).event())
                        .setText("first\nsecond \u001b[2J")
                        .build());
        SmallLog.add(
                SmallLog.TOPICS.verdicts(),
                trace.verdicts,
                Verdict.newBuilder(log.verdicts.get(3).event())
                        .setExtracted("one\ntwo")
                        .build());

        assertThat(print(trace))
                .contains("              text       first\n                         second \\u001b[2J\n")
                .contains(", answer one\\ntwo\n")
                .doesNotContain("\u001b");
    }

    private static String print(RequestTrace trace) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        trace.print(new PrintStream(text, true, UTF_8));
        return text.toString(UTF_8);
    }
}
