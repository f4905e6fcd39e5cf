package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {

    @Test
    void shouldPrintWhatEachRoleHolds(@TempDir Path directory) {
        Invocation plan = Invocation.of("plan", "--data-dir=" + directory, "--set=training.micro.batch.tokens=40");

        assertThat(plan.code()).as(plan.err()).isZero();
        assertThat(plan.out())
                .contains("prompts of up to 6 tokens, responses of up to 4")
                .containsPattern("cpu +learn +weights, fp32")
                .containsPattern("cpu +learn +layers of 2 x 36 tokens")
                .containsPattern("cpu +critic +moments of AdamW, fp32")
                .containsPattern("cpu +rollout +keys and values of 512 x 10 tokens")
                .containsPattern("cpu +total +[0-9]+ % of [0-9.]+ GB");
    }

    @Test
    void shouldNotCountABrokerElsewhere(@TempDir Path directory) {
        assertThat(Invocation.of("plan", "--data-dir=" + directory, "--bootstrap-servers=broker:9092")
                        .out())
                .contains("process")
                .doesNotContain("broker");
    }
}
