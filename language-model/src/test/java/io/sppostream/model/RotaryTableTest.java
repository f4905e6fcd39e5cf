package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RotaryTableTest {

    private static final ModelConfig LONG = new ModelConfig(
            Architecture.LLAMA, 11, 16, 1, 2, 2, 8, 24, 20_000, true, 1e-6, 10_000, new RopeScaling(8, 1, 4, 8192));

    @Test
    void shouldHaveTheSameBitsHoweverItGrew() {
        try (PolicyModel once = PolicyModel.random(LONG, 1, ModelSettings.cpu());
                PolicyModel often = PolicyModel.random(LONG, 1, ModelSettings.cpu())) {
            assertThat(once.model().table().get(0).getShape().get(0)).isEqualTo(8192);
            once.model().reserve(20_000);
            often.model().reserve(8193);
            assertThat(often.model().table().get(0).getShape().get(0)).isEqualTo(16_384);
            often.model().reserve(20_000);
            for (int i = 0; i < 2; i++) {
                assertThat(often.model().table().get(i).toFloatArray())
                        .hasSize(20_000 * 8)
                        .isEqualTo(once.model().table().get(i).toFloatArray());
            }
        }
    }

    @Test
    void shouldGrowForSequencesAndPromptsBeyondIt() {
        int[] far = new int[9000];
        try (CriticModel critic = CriticModel.random(LONG, 1, ModelSettings.cpu())) {
            critic.logits(java.util.List.of(far));
            assertThat(critic.model().table().get(0).getShape().get(0)).isGreaterThanOrEqualTo(9000);
        }
    }
}
