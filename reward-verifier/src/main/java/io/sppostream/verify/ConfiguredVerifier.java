package io.sppostream.verify;

import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A verifier as a configuration has it.
 *
 * @param name what its verdicts are signed with
 * @param version of its rules
 * @param settings of its own, secrets left out; they stand on its verdicts
 * @param place where it judges
 */
public record ConfiguredVerifier(String name, String version, Map<String, String> settings, Place place) {

    /** Where a verifier judges. */
    public sealed interface Place {
        /** On the thread of the stream: for verifiers whose time is bounded by construction. */
        record OnStream(Verifier verifier) implements Place {}

        /** On threads of its own, each under a deadline: for classes that are not ours. */
        record OnThreads(Verifier verifier, AttemptPolicy policy) implements Place {}

        /** In a service that is called over HTTP. */
        record OverHttp(HttpService service, AttemptPolicy policy) implements Place {}

        /** In a program of its own, which reads rollouts and writes verdicts: nothing is done for it here. */
        record Outside() implements Place {}
    }

    public ConfiguredVerifier {
        settings = Map.copyOf(settings);
    }

    /** A class in this process, on the stream's thread where it is built in, else on threads of its own. */
    public static ConfiguredVerifier inProcess(
            String name, Verifier verifier, Map<String, String> settings, AttemptPolicy policy) {
        Place place = VerifierCatalogue.builtIn(verifier)
                ? new Place.OnStream(verifier)
                : new Place.OnThreads(verifier, policy);
        return new ConfiguredVerifier(name, verifier.version(), settings, place);
    }

    /** Whether it is judged on the stream's thread. */
    public boolean onStream() {
        return place instanceof Place.OnStream;
    }

    /** Whether it has a loop of its own beside the stream. */
    public boolean besideTheStream() {
        return place instanceof Place.OnThreads || place instanceof Place.OverHttp;
    }

    /** How hard it is tried, for one beside the stream. */
    AttemptPolicy policy() {
        if (place instanceof Place.OnThreads threads) {
            return threads.policy();
        }
        if (place instanceof Place.OverHttp http) {
            return http.policy();
        }
        throw new IllegalStateException(name + " is not tried, but called");
    }

    /** Puts the verifier to work in this process; one that is outside can't be. */
    public Judge judge() {
        if (place instanceof Place.OnStream stream) {
            return new OnCallersThread(stream.verifier());
        }
        if (place instanceof Place.OnThreads threads) {
            return new Attempts(threads.policy(), new VerifierThreads(name, threads.verifier()));
        }
        if (place instanceof Place.OverHttp http) {
            return new Attempts(http.policy(), new HttpCalls(http.service()));
        }
        throw new IllegalStateException("verifier " + name + " is a program of its own");
    }

    /** The judgement of one whose time is bounded; what it throws is a fault of the machinery. */
    static Judgement judge(Verifier verifier, Rollout rollout) {
        try {
            return verifier.judge(rollout);
        } catch (RuntimeException | StackOverflowError e) {
            // Deeply nested answers overflow a recursive parser's stack, which is no reason to stop the stream either.
            return Judgement.failed(e);
        }
    }

    /** A judgement, signed. */
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

    private record OnCallersThread(Verifier verifier) implements Judge {
        @Override
        public CompletableFuture<Judgement> judge(Rollout rollout) {
            return CompletableFuture.completedFuture(ConfiguredVerifier.judge(verifier, rollout));
        }

        @Override
        public void close() {}
    }
}
