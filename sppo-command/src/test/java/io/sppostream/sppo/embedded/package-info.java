@NullMarked
package io.sppostream.sppo.embedded;

import org.jspecify.annotations.NullMarked;
