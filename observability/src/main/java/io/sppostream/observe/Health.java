package io.sppostream.observe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.log.loop.Readiness;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The health of a process. It is alive until a role fails, and ready once all that its roles need is there. Thread-safe.
 */
final class Health {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;

    private final Map<String, Supplier<Map<String, Readiness>>> checks = new ConcurrentHashMap<>();
    private volatile boolean failed;

    /**
     * An answer to a probe.
     *
     * @param status of HTTP: 200 or 503
     * @param json a line for each check
     */
    record Answer(int status, String json) {}

    /** Adds checks, or replaces those of the same name. */
    void check(String name, Supplier<Map<String, Readiness>> readiness) {
        checks.put(name, readiness);
    }

    void fail() {
        failed = true;
    }

    /** Whether the process works, ready or not. */
    Answer live() {
        return answer(Map.of("process", new Readiness(!failed, failed ? "a role has failed" : "alive")));
    }

    /** Whether the roles do their work. */
    Answer ready() {
        Map<String, Readiness> all = new TreeMap<>();
        checks.values().forEach(check -> all.putAll(check.get()));
        if (all.isEmpty()) {
            all.put("process", new Readiness(false, "starting"));
        }
        if (failed) {
            all.put("process", new Readiness(false, "a role has failed"));
        }
        return answer(all);
    }

    private static Answer answer(Map<String, Readiness> checks) {
        boolean up = checks.values().stream().allMatch(Readiness::ready);
        List<String> lines = new ArrayList<>();
        checks.forEach((name, check) -> lines.add("    " + line(name, check)));
        return new Answer(
                up ? OK : UNAVAILABLE,
                lines.stream()
                        .collect(Collectors.joining(
                                ",\n", "{\n  \"status\": \"" + status(up) + "\",\n  \"checks\": [\n", "\n  ]\n}\n")));
    }

    private static String line(String name, Readiness check) {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("name", name);
        line.put("status", status(check.ready()));
        line.put("detail", check.detail());
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String status(boolean up) {
        return up ? "UP" : "DOWN";
    }
}
