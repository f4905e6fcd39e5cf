package io.sppostream.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sppostream.run.Role;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Kubernetes resources as kubectl makes them, where it is installed. */
class KustomizeIT {
    @TempDir
    private Path directory = Path.of("");

    private static boolean isInstalled(String tool) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }

    private String render(String folder) throws IOException, InterruptedException {
        assumeThat(isInstalled("kubectl")).as("kubectl is installed").isTrue();
        return run("kubectl", "kustomize", Manifests.folder().resolve(folder).toString());
    }

    private String run(String... command) throws IOException, InterruptedException {
        Path errors = directory.resolve("errors");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s: %s%s", String.join(" ", command), output, Files.readString(errors))
                .isZero();
        return output;
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "keda"})
    void shouldRenderEveryResource(String folder) throws Exception {
        List<JsonNode> rendered = Manifests.parse(render(folder));

        int resources = Manifests.read("base").size()
                + (folder.equals("base") ? 0 : Manifests.read(folder).size());
        assertThat(rendered)
                .hasSize(resources)
                .allMatch(
                        resource -> resource.at("/metadata/namespace").asText().equals("sppo"));
        assertThat(Manifests.ofKind(rendered, "Deployment"))
                .hasSize(Role.values().length)
                .allMatch(deployment -> deployment
                        .at("/spec/template/spec/containers/0/image")
                        .asText()
                        .matches("sppo-stream(-slim)?:.+"));
        assertThat(Manifests.named(rendered, "Deployment", "sppo-rollout")
                        .at("/spec")
                        .has("replicas"))
                .isEqualTo(folder.equals("base"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "keda"})
    void shouldConformToTheSchemasOfKubernetes(String folder) throws Exception {
        assumeThat(isInstalled("kubeconform")).as("kubeconform is installed").isTrue();
        Path file = directory.resolve("rendered.yaml");
        Files.writeString(file, render(folder));

        run("kubeconform", "-strict", "-ignore-missing-schemas", file.toString());
    }
}
