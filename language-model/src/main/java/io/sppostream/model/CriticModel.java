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

/**
 * A sequence-level critic (SPPO, arXiv 2604.08865): Qwen2 with one number z at the last prompt token; the value of the
 * prompt, the probability that the policy solves it, is sigmoid(z). It may be of another size than the policy.
 *
 * <p>A fresh head is zero, so that every value starts at 0.5. Logits may be computed in several threads at once; the
 * caller must make sure that nothing replaces or trains the weights in the meantime.
 */
public final class CriticModel extends LanguageModel {

    private CriticModel(Qwen2 model) {
        super(model, "Qwen2ForTokenClassification");
    }

    /**
     * Loads a critic, or the backbone of a causal language model, with a fresh head.
     *
     * @throws CheckpointException if its weights cannot be used
     */
    public static CriticModel load(Checkpoint checkpoint, ModelSettings settings) {
        return new CriticModel(Qwen2.load(checkpoint, WeightLayout.Head.SCORE, settings));
    }

    /** A critic with fresh weights, the same for the same seed. */
    public static CriticModel random(ModelConfig config, long seed, ModelSettings settings) {
        return new CriticModel(Qwen2.random(config, WeightLayout.Head.SCORE, seed, settings));
    }

    /**
     * Writes a checkpoint that transformers loads as {@code Qwen2ForTokenClassification} with one label.
     *
     * @param tokenizerFrom checkpoint whose tokenizer and chat template are copied
     */
    public void save(Path directory, Checkpoint tokenizerFrom) {
        ObjectNode config = config().toJson(architecture());
        config.putObject("id2label").put("0", "LABEL_0");
        config.putObject("label2id").put("LABEL_0", 0);
        Checkpoint.write(directory, tokenizerFrom, config, model().slices());
    }

    /**
     * Logits of prompts. On the CPU a prompt's logit has the same bits whatever the other prompts are.
     *
     * @param prompts [prompts][T] token ids
     * @return [prompts] z of each prompt
     */
    public float[] logits(List<int[]> prompts) {
        Map<Integer, List<Integer>> byLength = new TreeMap<>();
        for (int i = 0; i < prompts.size(); i++) {
            requireFits(prompts.get(i));
            byLength.computeIfAbsent(prompts.get(i).length, key -> new ArrayList<>())
                    .add(i);
        }
        float[] result = new float[prompts.size()];
        byLength.forEach((length, members) -> {
            int most = Math.max(1, INFERENCE_TOKENS / length);
            for (int from = 0; from < members.size(); from += most) {
                List<Integer> some = members.subList(from, Math.min(from + most, members.size()));
                List<int[]> rows =
                        new ArrayList<>(some.stream().map(prompts::get).toList());
                while (rows.size() % model().rowMultiple() != 0) {
                    rows.add(rows.get(0));
                }
                // Rows of equal length form one piece, in this order.
                float[] outputs =
                        logits(MicroBatch.ofPrompts(rows, Integer.MAX_VALUE).get(0));
                for (int row = 0; row < some.size(); row++) {
                    result[some.get(row)] = outputs[row];
                }
            }
        });
        return result;
    }

    private float[] logits(MicroBatch piece) {
        try (NDManager scratch = model().manager().newSubManager();
                IValue ids = TorchProgram.tensor(piece.idsTensor(scratch));
                IValue read = TorchProgram.tensor(piece.readTensor(scratch));
                IValue result = model().program()
                        .run("scores", ids, read, model().weightsArgument(), model().tableArgument())) {
            return result.toTensor((PtNDManager) scratch).toFloatArray();
        }
    }

    void requireFits(int[] prompt) {
        if (prompt.length == 0 || prompt.length > config().maxPositions()) {
            throw new IllegalArgumentException(
                    "A prompt must have 1 to " + config().maxPositions() + " tokens, got " + prompt.length);
        }
        config().requireTokens(prompt);
    }
}
