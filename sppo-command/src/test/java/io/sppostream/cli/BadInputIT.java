package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wrong input is refused in one line that says what, where and what to do. No broker is left behind. */
class BadInputIT {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldRefuseAMissingCheckpoint() {
        train("--model=" + directory.resolve("nowhere")).assertRefused("No checkpoint at", "nowhere");
    }

    @Test
    void shouldRefuseDirectoriesThatCannotBeWrittenBeforeAnyWork() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        String data = "--data-dir=" + directory.resolve("data");

        Invocation noRuns = Invocation.of("train", data, "--runs-dir=" + file.resolve("runs"));
        noRuns.assertRefused("cannot write to " + file.resolve("runs"), "--runs-dir");
        assertThat(noRuns.out()).isEmpty();
        Invocation.of("train", "--data-dir=" + file, "--runs-dir=" + directory.resolve("runs"))
                .assertRefused("cannot write to " + file, "--data-dir");
        Invocation.of("up", "--data-dir=" + file.resolve("data"))
                .assertRefused("cannot write to " + file.resolve("data"), "--data-dir");
    }

    @Test
    void shouldRefuseARunThatDoesNotFitTheMemory() {
        train(
                        "--set=batch.size=100000000",
                        "--set=training.micro.batch.tokens=2000000000",
                        "--set=training.gradient.checkpointing=off")
                .assertRefused(
                        "of memory on cpu, which has",
                        "training.gradient.checkpointing=on (saves",
                        "./sppo plan",
                        "memory.check=false");
    }

    @Test
    void shouldRefuseToAskARunThatIsNotRunning() {
        Invocation.of("ask", "--run=idle", "--data-dir=" + directory.resolve("idle"), "1+1=")
                .assertRefused("no process runs a broker on " + directory.resolve("idle"), "./sppo up --run idle");
    }

    @Test
    void shouldRefuseTruncatedWeights() throws IOException {
        Path model = shippedModel();
        byte[] weights = Files.readAllBytes(model.resolve("model.safetensors"));
        Files.write(model.resolve("model.safetensors"), Arrays.copyOf(weights, 10_000));
        train("--model=" + model).assertRefused("model.safetensors has 10000 bytes");
    }

    @Test
    void shouldRefuseAConfigurationOfAModelItCannotRun() throws IOException {
        Path model = shippedModel();
        Files.writeString(model.resolve("config.json"), "{\"model_type\": \"gpt2\"}");
        train("--model=" + model).assertRefused("config.json", "'gpt2' is not supported");
    }

    @Test
    void shouldRefuseAMissingDataset() throws IOException {
        train("--dataset=" + directory.resolve("none.jsonl"), "--model=" + shippedModel())
                .assertRefused("none.jsonl can't be read: there is no such file");
    }

    @Test
    void shouldNameTheLineOfADatasetThatIsBroken() throws IOException {
        Path dataset = Files.writeString(
                directory.resolve("some.jsonl"), "{\"question\": \"1+1\", \"answer\": 2}\n{\"question\": \"1+2\"}\n");
        train("--dataset=" + dataset, "--model=" + shippedModel())
                .assertRefused("some.jsonl, line 2 has no answer", "--answer-field");
    }

    @Test
    void shouldNameTheLineOfAConfigurationThatIsBroken() throws IOException {
        Path file = Files.writeString(directory.resolve("run.yaml"), "steps: 3\nseed: [1,\n");
        train("--config=" + file).assertRefused("run.yaml is not a YAML map of settings, line");
    }

    @Test
    void shouldSuggestTheSettingThatWasMeant() {
        train("--set=batch.sise=3").assertRefused("there is no setting 'batch.sise'", "did you mean 'batch.size'?");
    }

    @Test
    void shouldSuggestTheDatasetOrKafkaPropertyThatWasMeant() {
        train("--set=verifier.addtion=math")
                .assertRefused("verifier.addtion: there is no dataset 'addtion'", "did you mean 'addition'?");
        train("--set=kafka.secrity.protocol=SSL")
                .assertRefused("'secrity.protocol'", "did you mean 'kafka.security.protocol'?");
    }

    @Test
    void shouldPrintNothingBeforeItRefuses() {
        assertThat(train("--model=" + directory.resolve("nowhere")).out()).isEmpty();
        assertThat(train("--verifier=oracle").out()).isEmpty();
        assertThat(train("--dataset=" + directory.resolve("none.jsonl")).out()).isEmpty();
    }

    @Test
    void shouldRefuseVerifiersThatDoNotExist() throws IOException {
        Path plugins = Files.createDirectories(directory.resolve("plugins"));
        Files.writeString(plugins.resolve("broken.jar"), "no jar");

        train("--set=verifier=oracle")
                .assertRefused("verifier: there is no verifier 'oracle'; there are: exact, marked");
        train("--set=verifier=all(exact, math").assertRefused("verifier: 'all(exact, math' is not a verifier");
        train("--set=verifier.plugins=" + plugins)
                .assertRefused("verifier.plugins: plugin", "broken.jar can't be read");
    }

    @Test
    void shouldRefuseAProblemThatIsLongerThanTheModel() throws IOException {
        Path dataset = Files.writeString(
                directory.resolve("long.jsonl"),
                "{\"question\": \"1+1\", \"answer\": 2}\n{\"question\": \"" + "1+".repeat(600)
                        + "1\", \"answer\": 601}\n");
        pretrain("--dataset=" + dataset, "--set=eval.prompts=1")
                .assertRefused("problem ", " of dataset ", "positions (", "and the model has");
    }

    @Test
    void shouldRefuseToOverwriteACheckpoint() throws IOException {
        Path model = shippedModel();
        byte[] weights = Files.readAllBytes(model.resolve("model.safetensors"));
        Invocation.of("pretrain", "--output=" + model, "--steps=1", "--batch-size=1")
                .assertRefused("--output: there are files in", "--overwrite");
        assertThat(Files.readAllBytes(model.resolve("model.safetensors"))).isEqualTo(weights);
    }

    @Test
    void shouldRefuseOutputThatCannotBeWrittenBeforeTheWork() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        pretrain("--output=" + file.resolve("model")).assertRefused("--output", "file");
        Invocation.of("replay", "--from=a", "--into=b", "--runs-dir=" + file)
                .assertRefused("--runs-dir", "is a file, not a folder");
    }

    @Test
    void shouldRefuseEvaluationsOfWhatThereIsNot() throws IOException {
        String model = "--model=" + shippedModel();
        eval("--benchmarks=addition").assertRefused("give one of --model, --run and --server");
        eval(model, "--benchmarks=addition", "--server=http://127.0.0.1:1").assertRefused("give one of");
        eval(model, "--benchmarks=addition", "--version=3").assertRefused("--run");
        eval(model, "--benchmarks=aime42").assertRefused("there is no benchmark 'aime42': there are aime24");
        eval(model, "--benchmarks=math500", "--data=" + directory)
                .assertRefused("there is no " + directory.resolve("math500.jsonl"), "HuggingFaceH4/MATH-500", "--data");
        eval(model, "--benchmarks=" + directory.resolve("none.jsonl")).assertRefused("none.jsonl can't be read");
        eval(model, "--benchmarks=addition", "--suffix=Box it.").assertRefused("built-in dataset");
        eval(model, "--benchmarks=addition,addition").assertRefused("two would be called 'addition'");
        eval(model, "--benchmarks=addition", "-k0").assertRefused("-k must be at least 1");
        eval(model, "--benchmarks=addition", "--temperature=-1").assertRefused("temperature must be");
        eval(model, "--benchmarks=addition", "--min=gsm8k:avg@16=1").assertRefused("--min gsm8k:avg@16");
        eval(model, "--benchmarks=addition", "--min=addition:avg@8=1").assertRefused("there is no metric 'avg@8'");
        eval(model, "--benchmarks=addition", "--verifier=oracle").assertRefused("there is no verifier 'oracle'");
        eval("--model=" + directory.resolve("nowhere"), "--benchmarks=addition").assertRefused("No checkpoint at");
        eval("--server=http://127.0.0.1:1", "--benchmarks=addition")
                .assertRefused("--server: the server at http://127.0.0.1:1/v1 does not answer");
        eval("--server=localhost", "--benchmarks=addition").assertRefused("'localhost' is not the address");
        Path file = Files.writeString(directory.resolve("file"), "");
        eval(model, "--benchmarks=addition", "--out=" + file).assertRefused("cannot write to " + file, "--out");
    }

    private Invocation eval(String... options) {
        List<String> command = new ArrayList<>(List.of("eval", "--data-dir=" + directory.resolve("data")));
        command.addAll(List.of(options));
        if (command.stream().noneMatch(option -> option.startsWith("--out"))) {
            command.add("--out=" + directory.resolve("evaluation"));
        }
        return Invocation.of(command.toArray(String[]::new));
    }

    @Test
    void shouldRefuseAPortInUse() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            train("--set=broker.port=" + other.getLocalPort())
                    .assertRefused("broker port " + other.getLocalPort(), "choose another port");
        }
    }

    @Test
    void shouldRefuseAClusterThatDoesNotAnswer() {
        train("--bootstrap-servers=127.0.0.1:1", "--schema-registry-url=http://127.0.0.1:1")
                .assertRefused("no Kafka broker answers at 127.0.0.1:1", "--bootstrap-servers");
    }

    @Test
    void shouldAskForTheRegistryOfACluster() {
        train("--bootstrap-servers=127.0.0.1:1").assertRefused("needs a schema registry", "--schema-registry-url");
    }

    @Test
    void shouldRefuseADataDirectoryInUseAndSchemasTheRegistryRefuses() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")))) {
            Invocation second = train();
            assertThat(second.code()).isEqualTo(1);
            assertThat(second.err().lines()).hasSize(1);
            assertThat(second.err()).contains("is in use by process", "--data-dir");

            register(cluster, "taken.prompts.v1-value", "{\"schema\": \"\\\"string\\\"\"}");
            Invocation refused = train("--run=taken", "--client-properties=" + cluster.clientProperties());
            assertThat(refused.code()).isEqualTo(1);
            assertThat(refused.err().lines()).hasSize(1);
            assertThat(refused.err())
                    .startsWith("sppo: the schema registry refuses the schema of taken.prompts.v1")
                    .doesNotContain("\tat ");
        }
    }

    private static void register(EmbeddedCluster cluster, String subject, String schema) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(cluster.registryUrl() + "/subjects/" + subject + "/versions"))
                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                .header(
                        "Authorization",
                        "Basic "
                                + Base64.getEncoder()
                                        .encodeToString(String.valueOf(cluster.kafka()
                                                        .properties()
                                                        .get("basic.auth.user.info"))
                                                .getBytes(UTF_8)))
                .POST(HttpRequest.BodyPublishers.ofString(schema, UTF_8))
                .build();
        assertThat(HttpClient.newHttpClient()
                        .send(request, HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(200);
    }

    private Invocation pretrain(String... options) {
        List<String> command = new ArrayList<>(List.of("pretrain", "--steps=1", "--batch-size=1"));
        command.addAll(List.of(options));
        if (command.stream().noneMatch(option -> option.startsWith("--output"))) {
            command.add("--output=" + directory.resolve("pretrained"));
        }
        return Invocation.of(command.toArray(String[]::new));
    }

    private Invocation train(String... options) {
        List<String> command = new ArrayList<>(
                List.of("train", "--data-dir=" + directory.resolve("data"), "--runs-dir=" + directory.resolve("runs")));
        command.addAll(List.of(options));
        return Invocation.of(command.toArray(String[]::new));
    }

    /** A copy of the checkpoint of the built-in addition task. */
    private Path shippedModel() throws IOException {
        Path model = Files.createDirectories(directory.resolve("model"));
        for (String file : List.of("config.json", "generation_config.json", "tokenizer.json", "model.safetensors")) {
            try (InputStream in = BadInputIT.class.getResourceAsStream("/models/addition/" + file)) {
                Files.copy(Objects.requireNonNull(in), model.resolve(file));
            }
        }
        return model;
    }
}
