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
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/** Supervised warm-up: a policy learns to imitate the solutions of the training problems. */
public final class Pretraining {
    private static final OptimizerSettings OPTIMIZER = new OptimizerSettings(0.9, 0.95, 1e-8, 0, 1);
    private static final int WARMUP_STEPS = 20;
    private static final int REPORTS = 10;

    private Pretraining() {}

    /**
     * Trains and saves a policy.
     *
     * @param start the checkpoint to start from: its weights, or only its shape and tokenizer
     * @param fresh whether to start from fresh weights of that shape
     * @param target folder for the checkpoint, in Hugging Face layout
     * @throws UserException if a problem is longer than the model allows, or the tokenizer has no end token
     */
    public static void run(
            Dataset dataset,
            Checkpoint start,
            boolean fresh,
            Path target,
            PretrainingSettings settings,
            PrintStream out) {
        try (Tokenizer tokenizer = start.tokenizer()) {
            int endToken = tokenizer.endTokens().stream()
                    .min(Integer::compare)
                    .orElseThrow(() -> new UserException(start.directory()
                            + " names no end-of-text token: set eos_token_id in its generation_config.json"));
            for (Problem problem : dataset.training()) {
                requireFits(problem, sequence(tokenizer, problem, endToken), dataset, start);
            }
            try (PolicyModel model = fresh
                            ? PolicyModel.random(start.config(), settings.seed(), ModelSettings.cpu())
                            : PolicyModel.load(start, ModelSettings.cpu());
                    PolicyTrainer trainer = new PolicyTrainer(model, OPTIMIZER, settings.training())) {
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
                        out.printf(
                                Locale.ROOT, "step %d/%d | loss %.4f nats per token%n", step, settings.steps(), loss);
                    }
                }
                model.save(target, start);
            }
        }
    }

    private static TokenSequence sequence(Tokenizer tokenizer, Problem problem, int endToken) {
        int[] prompt = PromptTokens.of(tokenizer, problem.messages());
        int[] answer = tokenizer.encodeText(problem.solution());
        int[] response = Arrays.copyOf(answer, answer.length + 1);
        response[answer.length] = endToken;
        return new TokenSequence(prompt, response);
    }

    /** The last token of a response is only predicted, so it needs no position. */
    private static void requireFits(Problem problem, TokenSequence tokens, Dataset dataset, Checkpoint model) {
        int positions = tokens.prompt().length + tokens.response().length - 1;
        if (positions > model.config().maxPositions()) {
            throw new UserException("problem " + problem.id() + " of dataset " + dataset.name() + " takes " + positions
                    + " positions (" + tokens.prompt().length + " tokens of the prompt, " + tokens.response().length
                    + " of the answer), and the model has "
                    + model.config().maxPositions()
                    + ": remove the problem, or start from a checkpoint with a larger max_position_embeddings");
        }
    }
}
