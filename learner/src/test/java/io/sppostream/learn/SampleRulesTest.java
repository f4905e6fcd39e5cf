package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SampleRulesTest {
    private static final int VOCABULARY = 13;
    private static final int POSITIONS = 6;
    private static final List<AdvantageSegment> ADVANTAGE = List.of(new AdvantageSegment(2, 0.5, true));

    private static TrainingSample sample(List<Integer> prompt, List<Integer> response) {
        return sample(prompt, response, ADVANTAGE, 1);
    }

    private static TrainingSample sample(
            List<Integer> prompt, List<Integer> response, List<AdvantageSegment> advantages, double reward) {
        Rollout rollout = new Rollout(
                "r-1/0",
                "r-1",
                "p",
                "addition",
                List.of(new Message("user", "1+1=")),
                "2",
                0,
                1,
                null,
                prompt,
                response,
                "2",
                response.stream().map(token -> -1f).toList(),
                List.of(new PolicySegment(response.size(), 0, "a")),
                new SamplingSettings(1.0, 1.0, 0, 8),
                0L,
                FinishReason.STOP,
                Instant.EPOCH,
                RequestPurpose.TRAIN,
                false,
                null,
                false,
                null,
                0);
        Verdict verdict = new Verdict(
                "r-1/0", "r-1", "exact", "1", VerdictStatus.CORRECT, 1.0, "2", "exact", Instant.EPOCH, Map.of(), false);
        return new TrainingSample(
                rollout, verdict, null, reward, "sppo", advantages, Instant.EPOCH, "first", List.of(), 1, List.of());
    }

    private static String violation(TrainingSample sample) {
        return String.valueOf(SampleRules.violation(sample, VOCABULARY, POSITIONS));
    }

    @Test
    void shouldAcceptAllThatThePolicyCanTrainOn() {
        assertThat(SampleRules.violation(sample(List.of(0, 12), List.of(3, 12)), VOCABULARY, POSITIONS))
                .isNull();
        // the last token is not read
        assertThat(SampleRules.violation(sample(List.of(1, 2, 3, 4, 5), List.of(6, 7)), VOCABULARY, POSITIONS))
                .isNull();
    }

    @Test
    void shouldRefuseTokensOutsideTheVocabulary() {
        assertThat(violation(sample(List.of(1, 13), List.of(3, 12)))).contains("prompt token 1 is 13", "from 0 to 12");
        assertThat(violation(sample(List.of(1, 2), List.of(-1, 12)))).contains("response token 0 is -1");
        assertThat(violation(sample(List.of(1), List.of(Integer.MAX_VALUE, 1)))).contains("is 2147483647");
    }

    @Test
    void shouldRefuseMoreTokensThanTheContextHas() {
        assertThat(violation(sample(List.of(1, 2, 3, 4, 5, 6), List.of(1, 2)))).contains("8 tokens", "takes 7");
    }

    @Test
    void shouldRefuseRolloutsThatAreInvalidThemselves() {
        assertThat(violation(sample(List.of(), List.of(1, 2)))).contains("no prompt tokens");
    }

    @Test
    void shouldRefuseAdvantagesThatDoNotAddUpOrAreNotFinite() {
        List<Integer> two = List.of(1, 2);
        assertThat(violation(sample(two, two, List.of(), 1))).contains("cover 0 of 2");
        assertThat(violation(sample(two, two, List.of(new AdvantageSegment(3, 1.0, true)), 1)))
                .contains("ends at token 3");
        assertThat(violation(sample(two, two, List.of(new AdvantageSegment(2, Double.NaN, true)), 1)))
                .contains("advantage up to token 2 is NaN");
        assertThat(violation(sample(two, two, ADVANTAGE, Double.POSITIVE_INFINITY)))
                .contains("reward is Infinity");
    }
}
