package io.sppostream.embedded;

import java.util.List;

/** A refused request, as in Confluent's API: a message, and an error code whose first three digits are the HTTP status. */
final class RegistryError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int code;

    private RegistryError(int code, String message) {
        super(message);
        this.code = code;
    }

    int code() {
        return code;
    }

    int status() {
        return code < 1000 ? code : code / 100;
    }

    static RegistryError subjectNotFound(String subject) {
        return new RegistryError(40401, "Subject '" + subject + "' not found.");
    }

    static RegistryError versionNotFound(int version) {
        return new RegistryError(40402, "Version " + version + " not found.");
    }

    static RegistryError schemaNotFound() {
        return new RegistryError(40403, "Schema not found");
    }

    static RegistryError schemaNotFound(int id) {
        return new RegistryError(40403, "Schema " + id + " not found");
    }

    static RegistryError subjectSoftDeleted(String subject) {
        return new RegistryError(
                40404, "Subject '" + subject + "' was soft deleted. Set permanent=true to delete permanently");
    }

    static RegistryError subjectNotSoftDeleted(String subject) {
        return new RegistryError(
                40405, "Subject '" + subject + "' was not deleted first before being permanently deleted");
    }

    static RegistryError versionSoftDeleted(String subject, int version) {
        return new RegistryError(
                40406,
                "Subject '" + subject + "' Version " + version
                        + " was soft deleted. Set permanent=true to delete permanently");
    }

    static RegistryError versionNotSoftDeleted(String subject, int version) {
        return new RegistryError(
                40407,
                "Subject '" + subject + "' Version " + version
                        + " was not deleted first before being permanently deleted");
    }

    static RegistryError compatibilityNotConfigured(String subject) {
        return new RegistryError(
                40408, "Subject '" + subject + "' does not have subject-level compatibility configured");
    }

    static RegistryError modeNotConfigured(String subject) {
        return new RegistryError(40409, "Subject '" + subject + "' does not have subject-level mode configured");
    }

    /** Confluent's servers send the bare status as the code here, and their clients check for it. */
    static RegistryError incompatible(String subject, List<String> differences, String level) {
        return new RegistryError(
                409,
                "Schema being registered is incompatible with an earlier schema for subject \"" + subject
                        + "\", details: [" + String.join(", ", differences) + ", {compatibility: '" + level + "'}]");
    }

    static RegistryError invalidSchema(String message) {
        return new RegistryError(42201, message);
    }

    static RegistryError invalidVersion(String version) {
        return new RegistryError(
                42202,
                "The specified version '" + version
                        + "' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\"");
    }

    static RegistryError invalidCompatibility(String level) {
        return new RegistryError(
                42203,
                "Invalid compatibility level '" + level
                        + "'. Valid values are none, backward, forward, full, backward_transitive, forward_transitive,"
                        + " and full_transitive");
    }

    static RegistryError operationNotPermitted(String message) {
        return new RegistryError(42205, message);
    }

    static RegistryError referenced(String subject, int version, String by) {
        return new RegistryError(
                42206,
                "One or more references exist to the schema {subject=" + subject + ",version=" + version + "}: " + by);
    }

    static RegistryError invalidSubject(String subject) {
        return new RegistryError(42208, "The specified subject '" + subject + "' is not a valid.");
    }

    static RegistryError store(String message) {
        return new RegistryError(50001, message);
    }

    static RegistryError malformed(String message) {
        return new RegistryError(400, message);
    }

    static RegistryError tooLarge(String message) {
        return new RegistryError(413, message);
    }

    static RegistryError unauthorized(String message) {
        return new RegistryError(401, message);
    }

    static RegistryError forbidden(String message) {
        return new RegistryError(403, message);
    }

    static RegistryError notFound() {
        return new RegistryError(404, "HTTP 404 Not Found");
    }
}
