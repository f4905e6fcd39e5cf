package io.sppostream.verify;

import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A verifier with its name, settings and place, as a configuration defines it.
 *
 * @param name signs its verdicts
 * @param version version of its rules
 * @param settings its own settings without secrets; recorded on its verdicts
 * @param place where it judges
 */
public record ConfiguredVerifier(String name, String version, Map<String, String> settings, Place place) {

    /** Where a verifier judges. */
    public sealed interface Place {
        /** On the thread of the stream: for verifiers whose time is bounded by construction. */
        record Inline(Verifier verifier) implements Place {}

        /** On threads of its own, each call under a timeout: for plugins, whose time nothing bounds. */
        record OnThreads(Verifier verifier, AttemptPolicy policy) implements Place {}

        /** In a service that is called over HTTP. */
        record OverHttp(HttpService service, AttemptPolicy policy) implements Place {}

        /** In a separate program, which reads rollouts and writes verdicts. This process does nothing for it. */
        record External() implements Place {}
    }

    public ConfiguredVerifier {
        settings = Map.copyOf(settings);
    }

    /** A class in this process: inline if it is built in, on threads of its own otherwise. */
    public static ConfiguredVerifier inProcess(
            String name, Verifier verifier, Map<String, String> settings, AttemptPolicy policy) {
        Place place = VerifierCatalogue.builtIn(verifier)
                ? new Place.Inline(verifier)
                : new Place.OnThreads(verifier, policy);
        return new ConfiguredVerifier(name, verifier.version(), settings, place);
    }

    /** Whether {@link RewardVerifier} runs it, on the thread of the stream. */
    public boolean isInline() {
        return place instanceof Place.Inline;
    }

    /** Whether an {@link AsyncVerifier} runs it. */
    public boolean isAsync() {
        return place instanceof Place.OnThreads || place instanceof Place.OverHttp;
    }

    /** The attempt policy of an asynchronous verifier. */
    AttemptPolicy policy() {
        if (place instanceof Place.OnThreads threads) {
            return threads.policy();
        }
        if (place instanceof Place.OverHttp http) {
            return http.policy();
        }
        throw new IllegalStateException("verifier " + name + " is not asynchronous and has no attempt policy");
    }

    /**
     * Starts the verifier in this process.
     *
     * @throws IllegalStateException if it is an external program
     */
    public RunningVerifier start() {
        if (place instanceof Place.Inline inline) {
            return new OnCallersThread(inline.verifier());
        }
        if (place instanceof Place.OnThreads threads) {
            return new Attempts(threads.policy(), new VerifierThreads(name, threads.verifier()));
        }
        if (place instanceof Place.OverHttp http) {
            return new Attempts(http.policy(), new HttpCalls(http.service()));
        }
        throw new IllegalStateException("verifier " + name + " is an external program");
    }

    /** The judgement of a verifier whose time is bounded. An exception counts as INFRA_ERROR. */
    static Judgement judge(Verifier verifier, Rollout rollout) {
        try {
            return verifier.judge(rollout);
        } catch (RuntimeException | StackOverflowError e) {
            // A deeply nested answer can overflow the stack of a recursive parser. That must not stop the stream.
            return Judgement.failed(e);
        }
    }

    /** The verdict that publishes a judgement under this verifier's name. */
    public Verdict sign(Rollout rollout, Judgement judgement, boolean shadow, Instant now) {
        return new Verdict(
                rollout.getRolloutId(),
                rollout.getRequestId(),
                name,
                version,
                judgement.status(),
                judgement.reward(),
                judgement.extracted(),
                judgement.rule(),
                now,
                settings,
                shadow);
    }

    private record OnCallersThread(Verifier verifier) implements RunningVerifier {
        @Override
        public CompletableFuture<Judgement> judge(Rollout rollout) {
            return CompletableFuture.completedFuture(ConfiguredVerifier.judge(verifier, rollout));
        }

        @Override
        public void close() {}
    }
}
