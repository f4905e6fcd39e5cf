package io.sppostream.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The files of an adapter in the layout of PEFT. Stateless. */
final class PeftFiles {

    /** The linear layers of a transformer, all of which are adapted. */
    static final List<String> MODULES =
            List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CONFIG = "adapter_config.json";
    private static final String WEIGHTS = "adapter_model.safetensors";

    /** Options of PEFT that change what an adapter computes, and are not supported. */
    private static final List<String> UNSUPPORTED = List.of(
            "use_rslora",
            "use_dora",
            "fan_in_fan_out",
            "lora_bias",
            "rank_pattern",
            "alpha_pattern",
            "layers_to_transform",
            "modules_to_save",
            "exclude_modules",
            "target_parameters");

    /** Writes the weights. */
    @FunctionalInterface
    interface Weights {
        void writeTo(WritableByteChannel out) throws IOException;
    }

    private PeftFiles() {}

    /** Writes the configuration and the weights. */
    static void write(Path directory, LoraSettings adapter, String base, Weights weights) {
        try {
            Files.createDirectories(directory);
            Files.write(
                    directory.resolve(CONFIG),
                    JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(config(adapter, base)));
            try (FileChannel out = FileChannel.open(
                    directory.resolve(WEIGHTS),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING)) {
                weights.writeTo(out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Can't write the adapter " + directory, e);
        }
    }

    private static ObjectNode config(LoraSettings adapter, String base) {
        ObjectNode json = JSON.createObjectNode();
        json.put("peft_type", "LORA");
        json.put("task_type", "CAUSAL_LM");
        json.put("base_model_name_or_path", base);
        json.put("r", adapter.rank());
        if (adapter.alpha() == Math.rint(adapter.alpha())) {
            json.put("lora_alpha", (long) adapter.alpha());
        } else {
            json.put("lora_alpha", adapter.alpha());
        }
        json.put("lora_dropout", 0.0);
        json.put("bias", "none");
        MODULES.forEach(json.putArray("target_modules")::add);
        json.put("fan_in_fan_out", false);
        json.put("use_rslora", false);
        json.put("use_dora", false);
        json.put("inference_mode", true);
        return json;
    }

    /**
     * Reads an adapter of the same settings.
     *
     * @throws CheckpointException if it has others
     */
    static void read(Path directory, LoraSettings adapter, List<NamedSlice> slices) {
        Path file = directory.resolve(CONFIG);
        try {
            requireSame(JSON.readTree(Files.readAllBytes(file)), adapter, file);
            try (FileChannel in = FileChannel.open(directory.resolve(WEIGHTS))) {
                Safetensors.read(in, slices, directory.resolve(WEIGHTS).toString());
            }
        } catch (JsonProcessingException e) {
            throw new CheckpointException(file + " is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new CheckpointException("Can't read the adapter " + directory, e);
        }
    }

    private static void requireSame(JsonNode json, LoraSettings adapter, Path file) {
        require(file, "peft_type", json.path("peft_type").asText(), "LORA");
        require(file, "bias", json.path("bias").asText("none"), "none");
        require(file, "r", json.path("r").asInt(), adapter.rank());
        require(file, "lora_alpha", json.path("lora_alpha").asDouble(), adapter.alpha());
        for (String option : UNSUPPORTED) {
            JsonNode value = json.path(option);
            if (value.isBoolean() ? value.asBoolean() : value.isValueNode() ? !value.isNull() : !value.isEmpty()) {
                throw new CheckpointException(file + ": " + option + " is not supported, but is " + value);
            }
        }
        Set<String> targets = new TreeSet<>();
        json.path("target_modules").forEach(each -> targets.add(each.asText()));
        require(file, "target_modules", targets, new TreeSet<>(MODULES));
    }

    private static void require(Path file, String name, Object value, Object expected) {
        if (!value.equals(expected)) {
            throw new CheckpointException(file + ": " + name + " must be " + expected + ", got " + value);
        }
    }
}
