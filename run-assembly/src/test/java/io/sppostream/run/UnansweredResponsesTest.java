package io.sppostream.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.run.config.Configuration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnansweredResponsesTest {
    private static Rollout saying(String text, String reference) {
        return Rollout.newBuilder()
                .setRolloutId("r/0")
                .setRequestId("r")
                .setPromptId("p")
                .setDataset("gsm8k")
                .setMessages(List.of(new Message("user", "How many?")))
                .setReference(reference)
                .setPromptTokens(List.of())
                .setResponseTokens(List.of())
                .setText(text)
                .setBehaviourLogProbs(List.of())
                .setPolicySegments(List.of())
                .setSampling(new SamplingSettings(0.6, 1.0, 0, 1024))
                .setSeed(0)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH)
                .build();
    }

    private static Configuration configuration(Map<String, String> flags) {
        return Configuration.load(null, Map.of(), flags);
    }

    @ParameterizedTest
    @CsvSource({
        "36 + 36 = 72 #### 72, math:gsm8k-strict",
        "So we get #### \\frac{144}{2}, math:gsm8k",
        "'Final Answer: The final answer is $72$. I hope it is correct.', math:minerva",
        "The answer is 72., math:math-verify",
        "\\boxed{72}, math",
        "So she sold 72 clips., math:math-verify"
    })
    void shouldChooseTheStrictestProfileThatFindsTheRightAnswer(String text, String verifier) {
        assertThat(UnansweredResponses.best(List.of(saying(text, "72"), saying("Hello.", "1"))))
                .hasValueSatisfying(finding -> {
                    assertThat(finding.verifier().name()).isEqualTo(verifier);
                    assertThat(finding.right()).isEqualTo(1);
                    assertThat(finding.example().getText()).isEqualTo(text);
                });
    }

    @Test
    void shouldFindNothingWhereNothingIs() {
        assertThat(UnansweredResponses.best(List.of(saying("Hello.", "1")))).isEmpty();
        assertThat(UnansweredResponses.best(List.of())).isEmpty();
    }

    @Test
    void shouldWarnWithAnExampleAndTheCommandThatFindsAnswers() {
        Configuration configuration = configuration(Map.of(
                "run", "first", "dataset", "gsm8k.jsonl", "verifier.gsm8k", "all(math, style)", "batch.size", "3"));
        List<Rollout> rollouts = List.of(
                saying("It is 5 #### 5", "7"),
                saying("It is 7 #### 7", "7"),
                Rollout.newBuilder(saying("I think", "7"))
                        .setFinishReason(FinishReason.LENGTH)
                        .build());

        assertThat(UnansweredResponses.warning(configuration, "math", 3, rollouts))
                .isEqualToNormalizingNewlines("""
                        warning: verifier math finds no answer in nearly all of the first 3 responses, which earn 0. For\
                         example, the reference is '7', and the response ends: 'It is 7 #### 7'. 1 of 3 were cut off at\
                         sampling.max.tokens = 1024. math:gsm8k-strict finds an answer in 2 of 3, the right one in 1. To\
                         train with it:
                          ./sppo train --set batch.size=3 --set dataset=gsm8k.jsonl --set\
                         'verifier.gsm8k=all(math:gsm8k-strict, style)'
                        Or ask for the answer where the verifier looks for it (docs/verifiers.md), with --suffix;\
                         ./sppo prompt --show shows the prompt.""");
    }

    @Test
    void shouldWarnWithoutAProfileWhenNoneFindsAnything() {
        assertThat(UnansweredResponses.warning(
                        configuration(Map.of("run", "first")), "marked", 1, List.of(saying("Hello.", "1"))))
                .isEqualTo(
                        "warning: verifier marked finds no answer in nearly all of the first 1 responses, which earn 0."
                                + " For example, the reference is '1', and the response ends: 'Hello.'. Ask for the answer where"
                                + " the verifier looks for it (docs/verifiers.md), with --suffix; ./sppo prompt --show shows the"
                                + " prompt.");
    }
}
