package io.sppostream.model;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A critic: a transformer with one number z after each position. SPPO (arXiv 2604.08865) reads it at the last prompt token: the
 * value of the prompt, the probability that the policy solves it, is sigmoid(z). Token-level PPO reads it before each
 * response token. The critic may be of another size than the policy.
 *
 * <p>A fresh head is zero, so that sigmoid(z) starts at 0.5 everywhere. Outputs may be computed in several threads at once; the
 * caller must make sure that nothing replaces or trains the weights in the meantime.
 */
public final class CriticModel extends LanguageModel {

    private CriticModel(Transformer model, @Nullable Checkpoint source) {
        super(model, model.config().architecture().tokenClassification(), source);
    }

    /**
     * Loads a critic, or the backbone of a causal language model, with a fresh head.
     *
     * @throws CheckpointException if its weights cannot be used
     */
    public static CriticModel load(Checkpoint checkpoint, ModelSettings settings) {
        return new CriticModel(Transformer.load(checkpoint, WeightLayout.Head.SCORE, settings), checkpoint);
    }

    /** A critic with fresh weights, the same for the same seed. */
    public static CriticModel random(ModelConfig config, long seed, ModelSettings settings) {
        return new CriticModel(Transformer.random(config, WeightLayout.Head.SCORE, seed, settings), null);
    }

    /**
     * Writes a checkpoint that transformers loads as {@code AutoModelForTokenClassification} with one label.
     *
     * @param tokenizerFrom checkpoint whose tokenizer and chat template are copied
     */
    public void save(Path directory, Checkpoint tokenizerFrom) {
        Checkpoint.write(directory, tokenizerFrom, checkpointConfig(), model().slices());
    }

    @Override
    ObjectNode checkpointConfig() {
        ObjectNode config = super.checkpointConfig();
        config.putObject("id2label").put("0", "LABEL_0");
        config.putObject("label2id").put("LABEL_0", 0);
        return config;
    }

    /**
     * Logits of prompts. On the CPU a prompt's logit has the same bits whatever the other prompts are.
     *
     * @param prompts [prompts][T] token ids
     * @return [prompts] z of each prompt
     */
    public float[] logits(List<int[]> prompts) {
        prompts.forEach(this::requireFits);
        float[][] scores = scores(
                prompts.stream().map(ScoredTokens::ofPrompt).toList(),
                IntUnaryOperator.identity(),
                length -> model().rowMultiple());
        float[] result = new float[scores.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = scores[i][0];
        }
        return result;
    }

    /**
     * The outputs of the head at all positions that are scored. On the CPU they have the same bits whatever else is in
     * the batch.
     *
     * @return [batch][values] z at each position
     */
    public float[][] scores(List<ScoredTokens> batch) {
        batch.forEach(scored -> requireFits(scored.tokens()));
        int multiple = model().rowMultiple();
        // Padding to a multiple makes few groups of rows of equal length.
        return scores(
                batch,
                length -> Math.min((length + multiple - 1) / multiple * multiple, config().maxPositions()),
                length -> length % multiple == 0 ? 1 : multiple);
    }

    /**
     * The outputs, computed in groups of rows of equal length.
     *
     * @param padded the length that a row of some length is padded to
     * @param rowMultiple the rows of a group are a multiple of this, by padded length
     */
    private float[][] scores(List<ScoredTokens> batch, IntUnaryOperator padded, IntUnaryOperator rowMultiple) {
        Map<Integer, List<Integer>> byLength = new TreeMap<>();
        for (int i = 0; i < batch.size(); i++) {
            byLength.computeIfAbsent(padded.applyAsInt(batch.get(i).tokens().length), key -> new ArrayList<>())
                    .add(i);
        }
        float[][] result = new float[batch.size()][];
        try (NDManager copies = model().manager().newSubManager();
                IValue weights = TorchProgram.list(model().productWeights(copies))) {
            byLength.forEach((length, members) -> {
                int most = Math.max(1, INFERENCE_TOKENS / length);
                for (int from = 0; from < members.size(); from += most) {
                    List<Integer> some = members.subList(from, Math.min(from + most, members.size()));
                    int multiple = rowMultiple.applyAsInt(length);
                    int[] rows = new int[(some.size() + multiple - 1) / multiple * multiple];
                    for (int row = 0; row < rows.length; row++) {
                        rows[row] = some.get(row < some.size() ? row : 0);
                    }
                    MicroBatch piece = MicroBatch.ofScored(batch, rows, length, model().rowMultiple());
                    float[] outputs = scores(piece, weights);
                    for (int row = 0; row < some.size(); row++) {
                        result[some.get(row)] = piece.outputsOf(row, outputs);
                    }
                }
            });
        }
        return result;
    }

    private float[] scores(MicroBatch piece, IValue weights) {
        try (NDManager scratch = model().manager().newSubManager();
                IValue ids = TorchProgram.tensor(piece.idsTensor(scratch));
                IValue read = TorchProgram.tensor(piece.readTensor(scratch));
                IValue result = model().program().run("scores", ids, read, weights, model().tableArgument())) {
            return result.toTensor((PtNDManager) scratch).toFloatArray();
        }
    }

    void requireFits(int[] prompt) {
        if (prompt.length == 0 || prompt.length > config().maxPositions()) {
            throw new IllegalArgumentException(
                    "A prompt must have 1 to " + config().maxPositions() + " tokens, got " + prompt.length);
        }
        model().reserve(prompt.length);
        config().requireTokens(prompt);
    }
}
