package io.sppostream.run.models;

import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.EpochOrder;
import io.sppostream.feed.data.Problem;
import io.sppostream.learn.PromptTokens;
import io.sppostream.learn.update.LearningRate;
import io.sppostream.learn.update.SupervisedUpdate;
import io.sppostream.log.UserException;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.Tokenizer;
import io.sppostream.model.TrainingSettings;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/** Supervised warm-up: teaches a policy to answer in the right form, by the reference answers of the training problems. */
public final class Pretraining {
    private static final OptimizerSettings OPTIMIZER = new OptimizerSettings(0.9, 0.95, 1e-8, 0, 1);
    private static final int WARMUP_STEPS = 20;
    private static final int REPORTS = 10;

    /**
     * @param steps optimizer steps
     * @param batchSize problems a step
     * @param learningRate after a warm-up of 20 steps
     * @param seed of the fresh weights and the order of problems
     */
    public record Settings(int steps, int batchSize, double learningRate, long seed, TrainingSettings training) {}

    private Pretraining() {}

    /**
     * Trains and saves a policy.
     *
     * @param start where it starts: its weights, or its shape alone
     * @param fresh whether to start from fresh weights of that shape
     * @param target folder for the checkpoint, in Hugging Face layout
     */
    public static void run(
            Dataset dataset, Checkpoint start, boolean fresh, Path target, Settings settings, PrintStream out) {
        try (Tokenizer tokenizer = start.tokenizer();
                PolicyModel model = fresh
                        ? PolicyModel.random(start.config(), settings.seed(), ModelSettings.cpu())
                        : PolicyModel.load(start, ModelSettings.cpu());
                PolicyTrainer trainer = new PolicyTrainer(model, OPTIMIZER, settings.training())) {
            int endToken = tokenizer.endTokens().stream()
                    .min(Integer::compare)
                    .orElseThrow(() -> new UserException(start.directory()
                            + " names no end-of-text token: set eos_token_id in its generation_config.json"));
            EpochOrder order = new EpochOrder(dataset, settings.seed());
            LearningRate rate = new LearningRate(settings.learningRate(), WARMUP_STEPS);
            SupervisedUpdate update = new SupervisedUpdate(trainer);
            for (int step = 1; step <= settings.steps(); step++) {
                long first = (step - 1L) * settings.batchSize();
                List<TokenSequence> batch = LongStream.range(first, first + settings.batchSize())
                        .mapToObj(order::at)
                        .map(problem -> sequence(tokenizer, problem, endToken))
                        .toList();
                double loss = update.apply(batch, rate.at(step));
                if (step % Math.max(1, settings.steps() / REPORTS) == 0) {
                    out.printf(Locale.ROOT, "step %d/%d | loss %.4f nats a token%n", step, settings.steps(), loss);
                }
            }
            model.save(target, start);
        }
    }

    private static TokenSequence sequence(Tokenizer tokenizer, Problem problem, int endToken) {
        int[] prompt = PromptTokens.of(tokenizer, problem.messages());
        int[] answer = tokenizer.encode(problem.reference());
        int[] response = Arrays.copyOf(answer, answer.length + 1);
        response[answer.length] = endToken;
        return new TokenSequence(prompt, response);
    }
}
