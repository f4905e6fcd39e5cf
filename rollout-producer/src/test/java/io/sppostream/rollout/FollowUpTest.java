package io.sppostream.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.RequestSampling;
import io.sppostream.events.Rollout;
import io.sppostream.events.RolloutParent;
import io.sppostream.events.SamplingSettings;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.Tokenizer;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Refusal;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Requests that continue a prefix, take the most probable tokens, or have a limit of their own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FollowUpTest {
    private static final SamplingParameters SAMPLING = new SamplingParameters(0.9, 1, 0, 8);
    private static final String A = "00000000000000aa";
    private static final String B = "00000000000000bb";

    private final PolicyModel model;
    private final Tokenizer tokenizer;
    private final ResponseSampler sampler;

    FollowUpTest(@TempDir Path directory) throws Exception {
        Checkpoint checkpoint = TestPolicy.write(directory);
        model = PolicyModel.load(checkpoint, ModelSettings.cpu());
        tokenizer = checkpoint.tokenizer();
        sampler = new ResponseSampler(tokenizer, SAMPLING, new SamplingThreads(1), 0, true);
    }

    @AfterAll
    void close() {
        tokenizer.close();
        model.close();
    }

    private static Prompt with(Prompt prompt, boolean greedy, @Nullable Integer maxTokens) {
        return Prompt.newBuilder(prompt)
                .setSampling(new RequestSampling(greedy, maxTokens))
                .build();
    }

    /** The same for a question of that many tokens. */
    private static Prompt asking(int tokens, Prompt prompt) {
        return Prompt.newBuilder(prompt)
                .setMessages(TestPolicy.prompt("r-1", "1".repeat(tokens), 1).getMessages())
                .build();
    }

    private List<GenerationResult> results(Prompt... prompts) {
        List<Request> requests = new ArrayList<>();
        for (Prompt prompt : prompts) {
            requests.addAll(Request.of(prompt, 1));
        }
        return sampler.sample(model, 7, "sha", requests);
    }

    private List<Rollout> rollouts(Prompt... prompts) {
        List<Rollout> rollouts = new ArrayList<>();
        List<GenerationResult> results = results(prompts);
        int at = 0;
        for (Prompt prompt : prompts) {
            for (Request request : Request.of(prompt, 1)) {
                Rollout rollout = ((Response) results.get(at++)).toRollout(request, SAMPLING, Instant.EPOCH);
                rollouts.add(Rollout.newBuilder(rollout)
                        .setSamplingSeconds(null) // No two batches take the same time.
                        .build());
            }
        }
        return rollouts;
    }

    private String refusal(Prompt prompt) {
        return ((Refusal) results(prompt).get(0)).reason();
    }

    @Test
    void shouldContinueThePrefix() {
        Prompt prompt = TestPolicy.followUp(A, RequestPurpose.PREFIX_VALUE, 40, 4, 11);
        for (Rollout rollout : rollouts(prompt)) {
            assertThat(rollout.getRolloutId()).isEqualTo("r-1~" + A + "/" + rollout.getSampleIndex());
            assertThat(rollout.getRequestId()).isEqualTo("r-1");
            assertThat(rollout.getSamples()).isEqualTo(40);
            assertThat(rollout.getPurpose()).isEqualTo(RequestPurpose.PREFIX_VALUE);
            assertThat(rollout.getParent()).isEqualTo(new RolloutParent("r-1/0", 2));
            assertThat(rollout.getPromptTokens()).containsExactly(1, 10, 2, 11, 4, 11);
            assertThat(rollout.getSeed()).isEqualTo(Seeds.of(1, "r-1~" + A, rollout.getSampleIndex()));
            assertThat(rollout.getSampling()).isEqualTo(new SamplingSettings(0.9, 1.0, 0, 6));

            int[] own = rollout.getResponseTokens().stream()
                    .mapToInt(Integer::intValue)
                    .toArray();
            boolean ended = rollout.getFinishReason() == FinishReason.STOP;
            assertThat(own.length).isBetween(ended ? 1 : 6, 6);
            assertThat(rollout.getCut()).isFalse();
            assertThat(rollout.getText()).isEqualTo("4=" + tokenizer.decode(own));
            assertThat(rollout.getTokenStarts()).hasSameSizeAs(rollout.getResponseTokens());
            for (int t = 0; t < own.length; t++) {
                assertThat(Objects.requireNonNull(rollout.getTokenStarts()).get(t))
                        .isEqualTo(2 + t);
            }
        }
    }

    @Test
    void shouldSampleFromTheDistributionAfterThePrefix() {
        Rollout rollout = rollouts(TestPolicy.followUp(A, RequestPurpose.BRANCH, 1, 4, 11))
                .get(0);
        int[] own =
                rollout.getResponseTokens().stream().mapToInt(Integer::intValue).toArray();
        float[] expected = model.logProbs(
                        List.of(new TokenSequence(new int[] {1, 10, 2, 11, 4, 11}, own)), SAMPLING.temperature())[0];
        for (int t = 0; t < own.length; t++) {
            assertThat(Math.abs(rollout.getBehaviourLogProbs().get(t) - expected[t]))
                    .isLessThan(1e-5f);
        }
    }

    /** An id covers prefix, purpose and sampling, so other follow-ups draw other numbers. */
    @Test
    void shouldDependOnNeitherBatchNorOrder() {
        Prompt one = TestPolicy.followUp(A, RequestPurpose.BRANCH, 6, 4, 11);
        Prompt other = TestPolicy.followUp(B, RequestPurpose.BRANCH, 6, 4, 11);
        List<Rollout> alone = rollouts(one);
        assertThat(rollouts(TestPolicy.prompt("r-1", "1+2=", 3), other, one).subList(9, 15))
                .isEqualTo(alone);
        assertThat(rollouts(other).stream().map(Rollout::getResponseTokens).toList())
                .isNotEqualTo(alone.stream().map(Rollout::getResponseTokens).toList());
    }

    @Test
    void shouldTakeTheMostProbableTokensWhenGreedy() {
        Prompt greedy = with(TestPolicy.followUp(A, RequestPurpose.BASELINE, 2), true, null);
        List<Rollout> rollouts = rollouts(greedy);
        ResponseSampler cold =
                new ResponseSampler(tokenizer, new SamplingParameters(0, 1, 0, 8), new SamplingThreads(1));
        Response expected = (Response) cold.sample(model, 7, "sha", Request.of(TestPolicy.prompt("r-9", "1+2=", 1), 5))
                .get(0);
        for (Rollout rollout : rollouts) {
            assertThat(rollout.getText()).isEqualTo(expected.text());
            assertThat(rollout.getParent()).isNull();
            assertThat(rollout.getPurpose()).isEqualTo(RequestPurpose.BASELINE);
            assertThat(rollout.getSampling()).isEqualTo(new SamplingSettings(0.0, 1.0, 0, 8));
        }
    }

    /** A response is cut if it can be continued: the run has a limit of 8 tokens, and the policy has 16 positions. */
    @Test
    void shouldTellACutFromTheLimitOfTheRun() {
        assertCut(with(TestPolicy.prompt("r-1", "1+2=", 30), false, 3), 3, true);
        assertCut(with(TestPolicy.prompt("r-1", "1+2=", 30), false, 7), 7, true);
        assertCut(with(TestPolicy.prompt("r-1", "1+2=", 30), false, 8), 8, false);
        assertCut(with(TestPolicy.prompt("r-1", "1+2=", 30), false, 600), 8, false);
        assertCut(with(TestPolicy.followUp(A, RequestPurpose.BRANCH, 30, 1, 2, 3), false, 4), 4, true);
        assertCut(with(TestPolicy.followUp(A, RequestPurpose.BRANCH, 30, 1, 2, 3), false, 5), 5, false);
        assertCut(TestPolicy.followUp(A, RequestPurpose.BRANCH, 30, 1, 2, 3), 5, false);
        // 12 tokens and up to 4 more are read; the next one is the last.
        String question = "1".repeat(12);
        assertCut(with(TestPolicy.prompt("r-1", question, 30), false, 4), 4, true);
        assertCut(with(TestPolicy.prompt("r-1", question, 30), false, 5), 5, false);
    }

    private void assertCut(Prompt prompt, int limit, boolean cut) {
        int limited = 0;
        for (Rollout rollout : rollouts(prompt)) {
            assertThat(rollout.getSampling().getMaxTokens()).isLessThanOrEqualTo(8);
            if (rollout.getFinishReason() == FinishReason.LENGTH) {
                limited++;
                assertThat(rollout.getResponseTokens()).hasSize(limit);
                assertThat(rollout.getCut()).isEqualTo(cut);
            } else {
                assertThat(rollout.getResponseTokens()).hasSizeLessThanOrEqualTo(limit);
                assertThat(rollout.getCut()).isFalse();
            }
        }
        assertThat(limited).isPositive();
    }

    /** Whatever is cut can be continued by at least one token. */
    @Test
    void shouldContinueUpToTheLastPosition() {
        Prompt prompt = asking(10, TestPolicy.followUp(A, RequestPurpose.BRANCH, 1, 1, 2, 3, 4, 5, 6));
        assertThat(rollouts(prompt).get(0).getResponseTokens()).hasSize(1);
    }

    @Test
    void shouldRefuseAPrefixThatIsNotValid() {
        assertThat(refusal(TestPolicy.followUp(A, RequestPurpose.BRANCH, 1, 13)))
                .isEqualTo("a prefix with token 13: the vocabulary of the policy has 13");
        assertThat(refusal(TestPolicy.followUp(A, RequestPurpose.BRANCH, 1, -1)))
                .isEqualTo("a prefix with token -1: the vocabulary of the policy has 13");
        assertThat(refusal(TestPolicy.followUp(A, RequestPurpose.BRANCH, 1, 1, 2, 3, 4, 5, 6, 7, 8)))
                .isEqualTo("a prefix of 8 tokens: a response has at most 8, and the policy reads up to 16, of which the"
                        + " prompt has 4");
        assertThat(refusal(asking(10, TestPolicy.followUp(A, RequestPurpose.BRANCH, 1, 1, 2, 3, 4, 5, 6, 7))))
                .contains("7 tokens", "reads up to 16", "has 10");
        assertThat(refusal(with(TestPolicy.prompt("r-1", "1+2=", 1), false, 0)))
                .isEqualTo("a response of at most 0 tokens: at least 1 is needed");
    }

    /** The request of a follow-up is that of its group, which must not expire with it. */
    @Test
    void shouldExpireTheRolloutsOfARefusedFollowUpAndNotItsGroup() {
        Instant now = Instant.EPOCH;
        List<Expired> followUp =
                RolloutProducer.refusals(TestPolicy.followUp(A, RequestPurpose.PREFIX_VALUE, 2, 13), "because", now);
        assertThat(followUp).hasSize(2);
        for (int i = 0; i < 2; i++) {
            assertThat(followUp.get(i).getRequestId()).isEqualTo("r-1");
            assertThat(followUp.get(i).getRolloutId()).isEqualTo("r-1~" + A + "/" + i);
            assertThat(followUp.get(i).getReason()).isEqualTo(ExpiryReason.INVALID_PROMPT);
        }
        List<Expired> root = RolloutProducer.refusals(TestPolicy.prompt("r-1", "1+2=", 2), "because", now);
        assertThat(root).hasSize(1);
        assertThat(root.get(0).getRolloutId()).isNull();
    }
}
