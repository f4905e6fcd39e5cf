package io.sppostream.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The Kubernetes resources of the repository. */
final class Manifests {
    private static final YAMLMapper YAML = new YAMLMapper();

    private Manifests() {}

    /** The folder {@code kubernetes} of the repository. */
    static Path folder() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("kubernetes/base"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException(
                        "no folder kubernetes above " + Path.of("").toAbsolutePath());
            }
        }
        return folder.resolve("kubernetes");
    }

    /** All documents of a text. */
    static List<JsonNode> parse(String text) throws IOException {
        List<JsonNode> documents = new ArrayList<>();
        try (MappingIterator<JsonNode> values = YAML.readerFor(JsonNode.class).readValues(text)) {
            values.forEachRemaining(documents::add);
        }
        return documents;
    }

    /** All resources of a folder but the kustomization. */
    static List<JsonNode> read(String folder) throws IOException {
        List<JsonNode> resources = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder().resolve(folder))) {
            for (Path file : files.sorted()
                    .filter(file -> !file.endsWith("kustomization.yaml"))
                    .toList()) {
                resources.addAll(parse(Files.readString(file)));
            }
        }
        return resources;
    }

    static List<JsonNode> ofKind(List<JsonNode> resources, String kind) {
        return resources.stream()
                .filter(resource -> kind.equals(resource.path("kind").asText()))
                .toList();
    }

    static JsonNode named(List<JsonNode> resources, String kind, String name) {
        return ofKind(resources, kind).stream()
                .filter(resource -> name.equals(resource.at("/metadata/name").asText()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no " + kind + " " + name));
    }
}
