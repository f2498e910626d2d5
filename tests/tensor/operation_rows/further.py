"""Rows: what PyTorch has beside the chapters: layers in the main namespace, packed factors, strides."""

ROWS = (
    # -- Activations and layers in the main namespace
    *(
        "torch.celu(x)",
        "torch.celu(x, 0.5)",
        "torch.selu(x)",
        "torch.rrelu(x)",
        "torch.prelu(z, v[:3])",
        "z.prelu(v[:1])",
    ),
    *("torch.hardshrink(x)", "x.hardshrink(0.2)", "torch.threshold(x, 0.1, 20.0)", "torch.dropout(x, 0.5, False)"),
    *("torch.alpha_dropout(x, 0.5, False)", "torch.feature_dropout(z, 0.5, False)", "torch.dropout(x, 1.0, True)"),
    "torch.feature_alpha_dropout(z, 0.5, False)",
    *("torch.layer_norm(z, (4,))", "torch.layer_norm(z, (3, 4), x, y)", "torch.group_norm(z[:, None], 1)"),
    "torch.batch_norm(z, v[:3], w[:3], None, None, True, 0.1, 1e-5, False)",
    "torch.batch_norm(z, None, None, u[0, :3].detach(), p[0, :3].detach(), False, 0.1, 1e-5, False)",
    "torch.instance_norm(z, v[:3], w[:3], None, None, True, 0.1, 1e-5, False)",
    *(
        "torch.rms_norm(z, (4,), v)",
        "torch.embedding(x, at)",
        "torch.embedding(x, at, 0)",
        "torch.bilinear(x, y, z.reshape(1, 4, 6)[:, :, :4])",
    ),
    *(
        "torch.conv1d(z, z[:, :, :2])",
        "torch.conv1d(z, z[:1, :, :2], s[None], 2, 1)",
        "torch.conv2d(z[None], z[None, :, :2, :2])",
    ),
    *(
        "torch.conv3d(z[None, None], z[None, None, :1, :2, :2])",
        "torch.conv_transpose1d(batch, batch[:1, :, :2].transpose(0, 1)[:4])",
    ),
    *(
        "torch.conv_transpose2d(z[None], z[:, None, :2, :2])",
        "torch.conv_tbc(z, z[:, :, None].transpose(1, 3)[:, :, 0], v[:3])",
    ),
    "torch.convolution(z, z[:1, :, :2], None, [1], [0], [1], False, [0], 1)",
    "torch.convolution(z[None], z[:, None, :2, :2], None, [2, 2], [0, 0], [1, 1], True, [1, 1], 1)",
    *(
        "torch.max_pool1d(z, 2)",
        "torch.max_pool1d(z, 2, 1, 1)",
        "torch.max_pool2d(z, 2, [])",
        "torch.max_pool3d(z[None], 2)",
    ),
    *(
        "torch.max_pool1d_with_indices(z, 2)",
        "torch.avg_pool1d(z, 2)",
        "torch.adaptive_avg_pool1d(z, 2)",
        "torch.adaptive_max_pool1d(z, 2)",
    ),
    *(
        "torch.pixel_shuffle(z.reshape(1, 4, 2, 3), 2)",
        "torch.pixel_unshuffle(z.reshape(1, 1, 4, 6), 2)",
        "torch.channel_shuffle(z.reshape(1, 4, 2, 3), 2)",
    ),
    *("torch.constant_pad_nd(x, (1, 2), 0.5)", "torch.constant_pad_nd(x, (1, -1, 2, 0))"),
    *("torch.cosine_similarity(x, y)", "torch.pairwise_distance(x, y)", "torch.pdist(x)", "torch.pdist(x, 1.0)"),
    "torch.affine_grid_generator(z[:, :2, :3], (2, 1, 3, 2), True)",
    "torch.grid_sampler(z[None], u.reshape(1, 2, 3, 2), 0, 0, True)",
    "torch.grid_sampler_2d(z[None], u.reshape(1, 2, 3, 2), 1, 1, False)",
    # -- Losses with numbers for reductions
    *("torch.kl_div(x, u)", "torch.kl_div(x, u, 1)", "torch.kl_div(x, y, 2, log_target=True)"),
    *(
        "torch.binary_cross_entropy_with_logits(x, u)",
        "torch.binary_cross_entropy_with_logits(x, u, p.detach(), v.detach(), 2)",
    ),
    *(
        "torch.poisson_nll_loss(x, p, True, False, 1e-8, 1)",
        "torch.hinge_embedding_loss(x, x.detach().sign())",
        "torch.hinge_embedding_loss(x, x.detach().sign(), 0.5, 1)",
    ),
    *("torch.margin_ranking_loss(x, y, u.detach().round() * 2 - 1, 0.1)", "torch.triplet_margin_loss(x, y, p)"),
    *(
        "torch.cosine_embedding_loss(x, y, v[:3].detach().sign(), 0.1)",
        "torch.triplet_margin_loss(x, y, p, 2.0, 1.0, 1e-6, True, 0)",
    ),
    "torch.ctc_loss(z.transpose(0, 1).log_softmax(-1), where[:2, :2] + 1, torch.tensor([3, 3]), at[:2] * 0 + 1)",
    # -- Steps of recurrent networks
    *(f"torch.rnn_{f}_cell(x, y[:, :3], n.t()[:3], m)" for f in ("tanh", "relu")),
    "torch.rnn_tanh_cell(x, y[:, :3], n.t()[:3], m, v[:3], w[:3])",
    "torch.lstm_cell(v[None], (w[None, :2], u[:1, :2]), p.repeat(3, 1)[:8], y.repeat(3, 1)[:8, :2])",
    "torch.gru_cell(v[None], w[None, :2], p.repeat(2, 1), y.repeat(2, 1)[:, :2], q, q * 2)",
    # -- By strides
    *(
        "x.as_strided((2, 2), (1, 2))",
        "torch.as_strided(x, (3, 3), (1, 3), 2)",
        "x[1:].as_strided((2, 2), (4, 1))",
        "x.t().as_strided((2,), (5,))",
    ),
    *(
        "x.as_strided((3, 2), (0, 1))",
        "torch.as_strided_scatter(x.detach(), y[:2, :2], (2, 2), (4, 1), 1)",
        "torch.as_strided_copy(x, (2, 2), (2, 2))",
        "(x * 1).as_strided_((2, 2), (1, 2))",
    ),
    *(
        "torch.expand_copy(v, (2, 4))",
        "torch.permute_copy(z, (2, 0, 1))",
        "torch.select_copy(x, 0, 1)",
        "torch.slice_copy(x, 1, 1, 4, 2)",
    ),
    *(
        "torch.split_copy(x, 2, 1)",
        "torch.split_with_sizes_copy(x, [1, 3], 1)",
        "torch.squeeze_copy(x[None])",
        "torch.t_copy(x)",
        "torch.transpose_copy(x, 0, 1)",
    ),
    *(
        "torch.unbind_copy(x)",
        "torch.unfold_copy(v, 0, 2, 1)",
        "torch.unsqueeze_copy(x, 0)",
        "torch.view_copy(x, (2, 6))",
        "torch.alias_copy(x)",
    ),
    *(
        "torch.diagonal_copy(m)",
        "torch.narrow_copy(x, 1, 1, 2)",
        "x.narrow_copy(0, 1, 1)",
        "torch.detach_copy(x.detach())",
        "torch.view_as_real_copy(c)",
    ),
    *(
        "torch.unsafe_chunk(x, 2)",
        "x.unsafe_split(2, 1)",
        "torch.unsafe_split_with_sizes(x, [1, 2])",
        "torch.view_as_complex_copy(x.detach().reshape(6, 2))",
    ),
    *(
        "x.resize_as(v[:, None].expand(4, 3))",
        "x.resize(12)",
        "torch.empty_strided((2, 3), (1, 2)).stride()",
        "torch.empty_permuted((2, 3, 4), (1, 2, 0)).stride()",
    ),
    *("z.dim_order()", "z.permute(2, 0, 1).dim_order()", "x.t().new_empty_strided((2, 2), (1, 2)).stride()"),
    # -- Packed factors
    *(
        "torch.linalg.lu_factor(m)",
        "torch.linalg.lu_factor(x)",
        "torch.linalg.lu_factor(n)",
        "torch.linalg.lu_factor(torch.stack([m, spd]))",
        "torch.linalg.lu_factor_ex(m)",
    ),
    *(
        "torch.lu(m)",
        "m.lu()",
        "torch.lu_unpack(*torch.linalg.lu_factor(m))",
        "torch.lu_unpack(*torch.linalg.lu_factor(n))",
    ),
    *(
        "torch.linalg.lu_solve(*torch.linalg.lu_factor(m), x)",
        "torch.linalg.lu_solve(*torch.linalg.lu_factor(m), x.t(), left=False)",
    ),
    *(
        "torch.linalg.lu_solve(*torch.linalg.lu_factor(m), x, adjoint=True)",
        "torch.linalg.lu_solve(*torch.linalg.lu_factor(m), x.t(), left=False, adjoint=True)",
    ),
    *(
        "torch.lu_solve(x, *torch.linalg.lu_factor(m))",
        "x.lu_solve(*torch.linalg.lu_factor(m))",
        "torch.linalg.solve_ex(m, x)",
    ),
    *(
        "torch.geqrf(m.detach())",
        "m.detach().geqrf()",
        "torch.linalg.householder_product(n.t(), v)",
        "torch.orgqr(n.t(), v)",
        "m.orgqr(v[:3])",
    ),
    *(
        "torch.ormqr(m, v[:3], x)",
        "torch.ormqr(m, v[:3], x, True, True)",
        "m.ormqr(v[:3], x.t(), False)",
        "torch.ormqr(m, v[:3], x.t(), False, True)",
    ),
    # -- Elements
    *(
        "torch.frexp(p)",
        "x.frexp()",
        "x.index_reduce(0, at, y, 'prod')",
        "torch.index_reduce(x, 0, at, y, 'mean')",
        "x.index_reduce(0, at, y, 'amax', include_self=False)",
    ),
    *(
        "torch.index_reduce(x, 1, torch.tensor([3, 3, 0, 1]), y, 'amin')",
        "x.detach().clone().index_reduce_(0, at, y.detach(), 'mean')",
    ),
    *(
        "x.clone().scatter_reduce_(0, where, y, 'sum')",
        "x.clone().scatter_reduce_(0, where, y, 'prod', include_self=False)",
        "x.clone().renorm_(2, 0, 1.0)",
    ),
    *(
        "x.detach().clone().apply_(lambda v: v * 2)",
        "x.detach().clone().map_(y.detach(), lambda v, w: v + w)",
        "x.detach().clone().map2_(y.detach(), p.detach(), lambda v, w, q: v + w * q)",
    ),
    *(
        "p.detach().clone().igamma_(p)",
        "p.detach().clone().igammac_(p)",
        "(p + 2).mvlgamma_(2)",
        "p.detach().clone().polygamma_(1)",
        "torch.fill(x, 2.0)",
    ),
    *(
        "torch.frobenius_norm(x, (0, 1))",
        "torch.nuclear_norm(m)",
        "torch.norm_except_dim(z, 2, 1)",
        "torch.norm_except_dim(z, 2, -1)",
    ),
    *(
        "torch.histogramdd(x[:, :2].detach(), 3)",
        "torch.range(1, 4)",
        "torch.range(0, 1, 0.25)",
        "torch.abs_(x.clone())",
        "torch.clamp_(x * 1, -0.5, 0.5)",
    ),
    *(
        "torch.index_put_(x * 1, (at[:2],), y[:2])",
        "torch.neg_(x * 1)",
        "torch.zero_(x * 1)",
        "torch.fill_(x * 1, 3)",
        "torch.relu_(x * 1)",
        "torch.celu_(x * 1)",
        "torch.threshold_(x * 1, 0.1, 2.0)",
    ),
    # -- Short-time Fourier transforms
    "torch.stft(z.reshape(24), 8, return_complex=True)",
    "torch.stft(z.reshape(2, 12), 4, 2, 3, window=u[0, :3], return_complex=True)",
    "torch.stft(z.reshape(24), 6, 4, center=False, onesided=False, normalized=True, return_complex=True)",
    "torch.stft(z.reshape(24), 8, return_complex=False, pad_mode='constant')",
    "torch.stft(c.reshape(12), 4, return_complex=True)",
    "torch.istft(torch.stft(z.reshape(24), 8, return_complex=True), 8)",
    "torch.istft(torch.stft(z.reshape(2, 12), 4, 2, 4, window=u[0], return_complex=True), 4, 2, 4, u[0], length=13)",
    "z.reshape(24).stft(6, 3, onesided=False, return_complex=True).istft(6, 3, onesided=False, normalized=True)",
    # -- Fourier transforms of Hermitian numbers
    *(
        f"torch.fft.{f}({x}{norm})"
        for f, x in (("hfft2", "c"), ("hfftn", "c"), ("ihfft2", "x"), ("ihfftn", "z"))
        for norm in ("", ", norm='ortho'", ", norm='forward'")
    ),
    *("torch.fft.hfft2(c, s=(3, 5))", "torch.fft.ihfftn(z, dim=(0, 1))", "torch.fft.hfftn(c, s=(4,), dim=(1,))"),
    # -- Polynomials: PyTorch has no derivatives of them
    *(
        f"torch.special.{f}(x.detach(), {n})"
        for f in (
            "hermite_polynomial_h",
            "hermite_polynomial_he",
            "laguerre_polynomial_l",
            "legendre_polynomial_p",
            "chebyshev_polynomial_t",
            "chebyshev_polynomial_u",
            "chebyshev_polynomial_v",
            "chebyshev_polynomial_w",
            "shifted_chebyshev_polynomial_t",
            "shifted_chebyshev_polynomial_u",
            "shifted_chebyshev_polynomial_v",
            "shifted_chebyshev_polynomial_w",
        )
        for n in (0, 1, 4, "j", -1)
    ),
    *("torch.special.airy_ai(x.detach())", "torch.special.spherical_bessel_j0(x.detach())"),
)
