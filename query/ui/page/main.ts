/** The page of `logq ui`. */
export {};
