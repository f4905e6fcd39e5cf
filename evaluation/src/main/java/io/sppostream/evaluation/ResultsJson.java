package io.sppostream.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.model.SamplingParameters;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Results in the layout of the files of <a href="https://huggingface.co/docs/lighteval">lighteval</a>, which leaderboards
 * and dashboards read: {@code config_general}, {@code results} by task and {@code all}, {@code versions}, {@code
 * config_tasks}, {@code summary_tasks}. A task is {@code BENCHMARK|0}: no examples are in the prompt.
 */
public final class ResultsJson {
    private static final DateTimeFormatter FILE_TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH-mm-ss.SSSSSS").withZone(ZoneOffset.UTC);
    private static final String STANDARD_ERROR = "_stderr";

    private ResultsJson() {}

    /** A time as file names have it. */
    public static String fileTime(Instant time) {
        return FILE_TIME.format(time);
    }

    /**
     * The results of an evaluation.
     *
     * @param limit most problems of a benchmark; null if all were asked
     * @param tasks the settings of each benchmark, by its name
     */
    public static JsonNode of(
            String model,
            SortedMap<String, String> identity,
            EvaluationSettings settings,
            @Nullable Integer limit,
            EvaluationScores scores,
            Map<String, SortedMap<String, String>> tasks,
            Instant start,
            Instant end) {
        ObjectNode json = new ObjectMapper().createObjectNode();
        ObjectNode general = json.putObject("config_general");
        general.put("lighteval_sha", "")
                .put("producer", "SPPO Stream")
                .put("num_fewshot_seeds", 1)
                .put("max_samples", limit)
                .put("job_id", "")
                .put("start_time", seconds(start))
                .put("end_time", seconds(end))
                .put("total_evaluation_time_secondes", String.valueOf(seconds(end) - seconds(start)))
                .put("model_name", model)
                .put("model_sha", identity.getOrDefault("sha256", ""));
        ObjectNode config = general.putObject("model_config").put("model_name", model);
        identity.forEach(config::put);
        SamplingParameters sampling = settings.sampling();
        config.putObject("generation_parameters")
                .put("temperature", sampling.temperature())
                .put("top_p", sampling.topP())
                .put("top_k", sampling.topK())
                .put("max_new_tokens", sampling.maxTokens())
                .put("seed", settings.seed())
                .put("num_samples", settings.samples());
        ObjectNode results = json.putObject("results");
        ObjectNode versions = json.putObject("versions");
        ObjectNode configs = json.putObject("config_tasks");
        ObjectNode summaries = json.putObject("summary_tasks");
        for (BenchmarkScore score : scores.benchmarks()) {
            String task = score.benchmark() + "|0";
            ObjectNode ofTask = results.putObject(task);
            score.metrics().forEach((name, metric) -> put(ofTask, name, metric));
            versions.put(task, 0);
            ObjectNode ofConfig = configs.putObject(task).put("name", score.benchmark());
            tasks.getOrDefault(score.benchmark(), new TreeMap<>()).forEach(ofConfig::put);
            ObjectNode summary = summaries
                    .putObject(task)
                    .put("problems", score.problems())
                    .put("problems_not_judged", score.notJudged());
            score.shares().forEach(summary::put);
        }
        ObjectNode all = results.putObject("all");
        BenchmarkScore.metricNames(settings.samples()).forEach(name -> put(all, name, scores.mean(name)));
        return json;
    }

    /** JSON has no NaN: values that are not numbers are left out. */
    private static void put(ObjectNode to, String name, Metric metric) {
        if (!Double.isNaN(metric.value())) {
            to.put(name, metric.value());
        }
        if (!Double.isNaN(metric.standardError())) {
            to.put(name + STANDARD_ERROR, metric.standardError());
        }
    }

    private static double seconds(Instant time) {
        return Duration.between(Instant.EPOCH, time).toMillis() / 1e3;
    }
}
