package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.learn.TestModels;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TokenSequence;
import java.util.List;
import org.junit.jupiter.api.Test;

class SupervisedUpdateTest {

    @Test
    void shouldReturnTheTokenMeanAndLowerItWhenItTrains() {
        List<TokenSequence> batch = TestModels.sequences(12, 1);
        try (PolicyModel policy = PolicyModel.random(TestModels.CONFIG, 1, ModelSettings.cpu());
                PolicyTrainer trainer = new PolicyTrainer(policy, TestModels.ADAM, TestModels.TRAINING)) {
            double logLikelihood = 0;
            int tokens = 0;
            for (float[] logProbs : policy.logProbs(batch, 1)) {
                for (float logProb : logProbs) {
                    logLikelihood += logProb;
                    tokens++;
                }
            }
            SupervisedUpdate update = new SupervisedUpdate(trainer);

            double first = update.apply(batch, 5e-3);
            assertThat(first).isCloseTo(-logLikelihood / tokens, within(1e-5));

            double last = first;
            for (int step = 0; step < 30; step++) {
                last = update.apply(batch, 5e-3);
            }
            assertThat(last).isLessThan(0.6 * first);
        }
    }
}
