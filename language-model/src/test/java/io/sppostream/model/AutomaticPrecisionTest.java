package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class AutomaticPrecisionTest {

    private static final ModelConfig LARGE = new ModelConfig(49_152, 576, 30, 9, 3, 1536, 2048, true, 1e-5, 100_000);

    @Test
    void shouldChooseBfloat16WhenTheProcessorMultipliesInIt() {
        AutomaticPrecision chosen = AutomaticPrecision.of("cpu", LARGE, Set.of("avx512_bf16"));
        assertThat(chosen.precision()).isEqualTo(ModelSettings.Precision.BFLOAT16);
        assertThat(chosen.reason()).contains("avx512_bf16");
    }

    @Test
    void shouldChooseSinglePrecisionWhenTheProcessorDoesNot() {
        assertThat(AutomaticPrecision.of("cpu", LARGE, Set.of()).precision())
                .isEqualTo(ModelSettings.Precision.FLOAT32);
    }

    @Test
    void shouldChooseSinglePrecisionWhenTheModelIsSmall() {
        for (String device : new String[] {"cpu", "gpu"}) {
            assertThat(AutomaticPrecision.of(device, TestModels.POLICY, Set.of("amx_bf16"))
                            .precision())
                    .isEqualTo(ModelSettings.Precision.FLOAT32);
        }
    }

    @Test
    void shouldChooseBfloat16WhenALargeModelRunsOnAGpu() {
        assertThat(AutomaticPrecision.of("gpu:1", LARGE, Set.of()).precision())
                .isEqualTo(ModelSettings.Precision.BFLOAT16);
    }
}
